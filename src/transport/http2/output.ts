import type { Duplex } from 'node:stream';
import { copyBytes } from '../../base/copy-bytes.ts';
import { flushSoon } from './batch.ts';

const scratchSize = 32 * 1024;

/** A message of at least this size goes to the socket without a copy; a smaller message is cheaper to copy. */
const byReference = 8 * 1024;

/** The size that a header list may always have: one from each of 2,048 streams fits into the second half of the backlog. */
const leastHeaders = 1024;

/** Called when the socket accepts DATA again, when the peer leaves too many bytes unread, and for a fault of this program. */
export interface OutputOwner {
  room(): void;
  backlog(): void;
  fault(fault: unknown): void;
}

/** Collects the bytes of one tick, and writes them to the socket in one system call at the end of the tick. */
export class Output {
  private readonly socket: Duplex;
  private readonly owner: OutputOwner;
  private readonly highWater: number;
  private readonly maxBacklog: number;
  private scratch: Buffer = Buffer.allocUnsafeSlow(scratchSize);
  /** [from, used) of the scratch is not yet among the pieces; the socket may still read the bytes before `from`. */
  private from = 0;
  private used = 0;
  private pieces: Buffer[] = [];
  private queued = 0;
  private scheduled = false;
  private blocked = false;
  private wasFull = false;
  private ended = false;

  constructor(socket: Duplex, owner: OutputOwner, highWater: number, maxBacklog: number) {
    this.socket = socket;
    this.owner = owner;
    this.highWater = highWater;
    this.maxBacklog = maxBacklog;
    socket.on('drain', () => this.drained());
  }

  /** Whether DATA should wait for `room`. */
  get full(): boolean {
    if (!this.blocked && this.queued < this.highWater) return false;
    this.wasFull = true;
    return true;
  }

  /** The size that a header list may have now. Many long lists at once must not look like a peer that does not read its socket. */
  get headerRoom(): number {
    return Math.max(leastHeaders, this.maxBacklog / 2 - this.queued - this.socket.writableLength);
  }

  /** The buffer in which `reserve` makes room. */
  get buffer(): Buffer {
    return this.scratch;
  }

  /** Makes room for `octets` bytes in `buffer` and returns their offset. The caller fills them in the same tick. */
  reserve(octets: number): number {
    if (this.used + octets > this.scratch.length) {
      this.cut();
      this.scratch = Buffer.allocUnsafeSlow(Math.max(scratchSize, octets));
      this.from = 0;
      this.used = 0;
    }
    const at = this.used;
    this.used += octets;
    this.queued += octets;
    if (!this.scheduled) this.schedule();
    return at;
  }

  /** Sends [start, end) of `from`, which must not change after the call. */
  write(from: Buffer, start: number, end: number): void {
    const octets = end - start;
    if (octets < byReference) {
      const at = this.reserve(octets);
      copyBytes(from, start, end, this.scratch, at);
      return;
    }
    this.cut();
    this.pieces.push(from.subarray(start, end));
    this.queued += octets;
    if (!this.scheduled) this.schedule();
  }

  /** Writes the collected bytes to the socket now. Never throws, since a batch flushes the outputs of several connections. */
  flush(): void {
    try {
      this.writeAll();
    } catch (fault) {
      this.owner.fault(fault);
    }
  }

  /** Nothing is sent any more. */
  end(): void {
    this.ended = true;
    this.pieces = [];
    this.queued = 0;
  }

  private drained(): void {
    this.blocked = false;
    if (this.ended) return;
    try {
      this.owner.room();
    } catch (fault) {
      this.owner.fault(fault);
    }
  }

  private writeAll(): void {
    this.scheduled = false;
    if (this.queued === 0 || this.ended) return;
    this.queued = 0;
    if (this.pieces.length === 0) {
      this.blocked = !this.socket.write(this.scratch.subarray(this.from, this.used));
      this.from = this.used;
    } else {
      this.flushPieces();
    }
    const left = this.socket.writableLength;
    if (left === 0) {
      this.from = 0;
      this.used = 0;
    } else if (left > this.maxBacklog) {
      this.owner.backlog();
      return;
    }
    if (this.wasFull && !this.blocked) {
      this.wasFull = false;
      this.owner.room();
    }
  }

  private flushPieces(): void {
    this.cut();
    const pieces = this.pieces;
    this.pieces = [];
    this.socket.cork();
    for (const piece of pieces) this.blocked = !this.socket.write(piece);
    this.socket.uncork();
    // Corked bytes count as unread until the system call, so only the length after it is right.
    if (this.socket.writableLength === 0) this.blocked = false;
  }

  private cut(): void {
    if (this.used === this.from) return;
    this.pieces.push(this.scratch.subarray(this.from, this.used));
    this.from = this.used;
  }

  private schedule(): void {
    this.scheduled = true;
    flushSoon(this);
  }
}
