import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '../support/child.ts';

/** A datagram socket like systemd's own. */
export interface NotifySocket {
  readonly path: string;
  /** The messages so far, each with its lines joined by a blank. */
  readonly messages: readonly string[];
  close(): void;
}

/** Perl is on every Debian. File descriptors that come with a message are closed, as systemd closes the one of BARRIER=1. */
const receive = `
use Socket;
socket(my $socket, PF_UNIX, SOCK_DGRAM, 0) or die;
bind($socket, pack_sockaddr_un($ARGV[0])) or die;
$| = 1;
while (defined recv($socket, my $text, 65536, 0)) { $text =~ s/\\n/ /g; print "$text\\n"; }
`;

export async function openNotifySocket(folder: string): Promise<NotifySocket> {
  const path = join(folder, 'notify');
  const child = spawn('perl', ['-e', receive, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const messages: string[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    messages.push(...lines.map(line => line.trim()).filter(line => line !== '' && line !== 'BARRIER=1'));
  });
  await waitFor('the notify socket', () => existsSync(path) || undefined);
  return { path, messages, close: () => void child.kill('SIGKILL') };
}
