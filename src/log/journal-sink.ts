import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Level } from '../base/log-level.ts';
import { journalEntry, stderrLine } from './journal-entry.ts';
import type { LogLine } from './log-line.ts';
import type { LogSink } from './log-sink.ts';

/** The socket on which journald takes entries with fields. */
const SOCKET = '/run/systemd/journal/socket';

/** How much may wait for the sender before lines are lost, in bytes. */
const MAX_WAITING = 8 << 20;

/** How many lines may wait for it to begin. */
const MAX_EARLY = 1_000;

/** How long the sender may take for its last entries when the program stops, in ms. */
const LAST_WORDS = 2_000;

/**
 * Node.js has no datagram sockets of the unix kind, and journald takes fields over nothing else: a child sends them. Perl,
 * since every Debian has it (perl-base is essential), and logger(1) takes one entry only in all its life. Entries come on
 * stdin with their lengths before them; one that cannot be sent becomes a line on stderr. A line on stdout says that it works.
 */
const sender = `
use Socket;
$0 = 'criproxy-log';
$SIG{INT} = $SIG{TERM} = $SIG{HUP} = 'IGNORE';
socket(my $journal, AF_UNIX, SOCK_DGRAM, 0) or exit 1;
my $to = sockaddr_un($ARGV[0]);
binmode STDIN;
syswrite STDOUT, "ready\\n";
while (read(STDIN, my $head, 4) == 4) {
  my $length = unpack('N', $head);
  read(STDIN, my $entry, $length) == $length or last;
  next if defined send($journal, $entry, 0, $to);
  my ($priority) = $entry =~ /^PRIORITY=(.*)/m;
  my ($message) = $entry =~ /^MESSAGE=(.*)/m;
  syswrite STDERR, "<$priority>$message\\n";
}
`;

/** The sink's surroundings, which a test replaces. */
export interface JournalPlace {
  /** Takes whole lines, where there is no sender. */
  readonly write: (text: string) => void;
  readonly socket?: string;
  readonly perl?: string;
  readonly stderr?: 'inherit' | 'pipe';
}

/**
 * Sends lines with their fields to journald. Where that does not work they are lines on stderr with a priority in front, as
 * sd-daemon(3) has it, and one of them says why.
 */
export class JournalSink implements LogSink {
  private readonly place: JournalPlace;
  private child: ChildProcess | undefined;
  /** Until the sender works. */
  private waiting: LogLine[] | undefined = [];
  lost = 0;
  private untold = 0;
  private lastLost: LogLine | undefined;
  private readonly ended: Promise<void>;

  constructor(place: JournalPlace) {
    this.place = place;
    const { socket = SOCKET, perl = 'perl', stderr = 'inherit' } = place;
    if (!existsSync(socket)) {
      this.ended = Promise.resolve();
      this.fallBack(`there is no ${socket}`);
      return;
    }
    const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' };
    const child = spawn(perl, ['-e', sender, socket], { env, stdio: ['pipe', 'pipe', stderr] });
    this.child = child;
    this.ended = new Promise(resolve => {
      child.once('error', fault => {
        this.fallBack(`${perl} cannot be run: ${fault.message}`);
        resolve();
      });
      child.once('exit', (code, signal) => {
        this.fallBack(`the sender of entries ended with ${signal ?? code}`);
        resolve();
      });
    });
    child.stdin!.on('error', () => {});
    child.stdout!.once('data', () => this.begin());
  }

  /** Undefined where there is none, or none any more. */
  get sender(): ChildProcess | undefined {
    return this.child;
  }

  take(line: LogLine): void {
    if (this.waiting !== undefined) {
      this.waiting.push(line);
      if (this.waiting.length > MAX_EARLY) this.fallBack('the sender of entries does not begin');
    } else if (this.child === undefined) this.place.write(stderrLine(line));
    else this.send(line);
  }

  async close(): Promise<void> {
    const { child } = this;
    if (child === undefined) return;
    const over = new AbortController();
    // It may not have begun yet.
    const begun = this.waiting === undefined ? undefined : new Promise(resolve => child.stdout!.once('data', resolve));
    const last = Promise.race([begun, this.ended]).then(() => {
      if (this.child !== undefined) this.tellLoss();
      child.stdin!.end();
      return this.ended;
    });
    await Promise.race([last, sleep(LAST_WORDS, undefined, { signal: over.signal }).catch(() => {})]);
    over.abort();
  }

  private begin(): void {
    const waiting = this.waiting ?? [];
    this.waiting = undefined;
    for (const line of waiting) this.send(line);
  }

  private send(line: LogLine): void {
    const { stdin } = this.child!;
    if (stdin!.writableLength > MAX_WAITING) {
      this.lost++;
      this.untold++;
      this.lastLost = line;
      return;
    }
    this.tellLoss();
    stdin!.write(framed(journalEntry(line)));
  }

  private tellLoss(): void {
    if (this.lastLost === undefined) return;
    const message = `${this.untold} lines of the log are lost: journald did not take them in time`;
    const line = {
      ...this.lastLost,
      severity: 'warning',
      level: Level.State,
      message,
      fields: undefined,
      about: {},
    } as const;
    this.child!.stdin!.write(framed(journalEntry(line)));
    this.untold = 0;
    this.lastLost = undefined;
  }

  private fallBack(reason: string): void {
    if (this.child?.stdin?.writableEnded === true) return;
    this.child = undefined;
    const waiting = this.waiting ?? [];
    this.waiting = undefined;
    this.place.write(`<4>the log goes to stderr without its fields, since journald cannot be told them: ${reason}\n`);
    for (const line of waiting) this.take(line);
  }
}

/** An entry with its length before it, for the sender. */
function framed(entry: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(entry.length);
  return Buffer.concat([head, entry]);
}
