import type { Duplex } from 'node:stream';
import { errorName } from '../../../src/transport/http2/frames/error-code.ts';
import { Flag, FrameType, frameHeaderSize } from '../../../src/transport/http2/frames/frame.ts';
import { HeaderList } from '../../../src/transport/http2/hpack/header-list.ts';
import { HpackDecoder } from '../../../src/transport/http2/hpack/hpack-decoder.ts';

export interface ReadFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

const typeNames = new Map<number, string>(Object.entries(FrameType).map(([name, type]) => [type, name]));

/** The other end of a connection. It sends any bytes, and keeps every frame that it gets. */
export class RawPeer {
  readonly socket: Duplex;
  readonly frames: ReadFrame[] = [];
  closed = false;
  private rest: Buffer = Buffer.alloc(0);
  private readonly decoder = new HpackDecoder(1 << 24);
  private readonly listeners = new Set<() => void>();

  constructor(socket: Duplex, skip = 0) {
    this.socket = socket;
    let left = skip;
    socket.on('data', (chunk: Buffer) => {
      const cut = Math.min(left, chunk.length);
      left -= cut;
      this.take(chunk.subarray(cut));
    });
    const close = () => {
      this.closed = true;
      for (const listener of this.listeners) listener();
    };
    socket.on('end', close);
    socket.on('close', close);
    socket.on('error', close);
  }

  send(...parts: Buffer[]): void {
    this.socket.write(Buffer.concat(parts));
  }

  /** Resolves when `done` is true or the connection is closed. */
  until(done: () => boolean): Promise<void> {
    return new Promise(resolve => {
      const look = () => {
        if (!this.closed && !done()) return;
        this.listeners.delete(look);
        resolve();
      };
      this.listeners.add(look);
      look();
    });
  }

  /** Resolves when no frame has come for 20 turns of the event loop: the other end is in memory and waits. */
  async settle(): Promise<void> {
    for (let turns = 0, seen = -1; turns < 20 && !this.closed; turns++) {
      if (this.frames.length !== seen) turns = 0;
      seen = this.frames.length;
      await new Promise(resolve => setImmediate(resolve));
    }
  }

  /** Resolves with the first frame for which `wanted` is true. Rejects if the connection closes before. */
  async frame(wanted: (frame: ReadFrame) => boolean): Promise<ReadFrame> {
    await this.until(() => this.frames.some(wanted));
    const found = this.frames.find(wanted);
    if (found === undefined) throw new Error(`the connection was closed: ${this.summary().join(', ')}`);
    return found;
  }

  /** Frames in words, without SETTINGS, WINDOW_UPDATE and PING: `HEADERS 1 grpc-status=0`, `GOAWAY PROTOCOL_ERROR`. */
  summary(): string[] {
    return this.words.filter(word => !/^(Settings|WindowUpdate|Ping)/.test(word));
  }

  readonly words: string[] = [];
  /** The `:path` of each stream that the peer has opened. */
  readonly paths = new Map<number, string>();

  private take(chunk: Buffer): void {
    this.rest = Buffer.concat([this.rest, chunk]);
    while (this.rest.length >= frameHeaderSize) {
      const length = this.rest.readUIntBE(0, 3);
      if (this.rest.length < frameHeaderSize + length) break;
      const frame = {
        type: this.rest[3]!,
        flags: this.rest[4]!,
        streamId: this.rest.readUInt32BE(5),
        payload: Buffer.from(this.rest.subarray(frameHeaderSize, frameHeaderSize + length)),
      };
      this.rest = this.rest.subarray(frameHeaderSize + length);
      this.frames.push(frame);
      this.words.push(this.describe(frame));
    }
    for (const listener of this.listeners) listener();
  }

  private describe({ type, flags, streamId, payload }: ReadFrame): string {
    const name = typeNames.get(type) ?? String(type);
    const end = (flags & Flag.EndStream) === 0 ? '' : ' end';
    switch (type) {
      case FrameType.Headers:
        return `${name} ${streamId} ${this.decode(streamId, payload)}${end}`;
      case FrameType.Data:
        return `${name} ${streamId} ${payload.length}${end}`;
      case FrameType.RstStream:
        return `${name} ${streamId} ${errorName(payload.readUInt32BE(0))}`;
      case FrameType.GoAway:
        return `${name} ${errorName(payload.readUInt32BE(4))}`;
      default:
        return `${name} ${streamId}${end}`;
    }
  }

  private decode(streamId: number, payload: Buffer): string {
    const list = new HeaderList(1 << 24);
    const fault = this.decoder.decode(payload, 0, payload.length, list);
    if (fault !== undefined) return `undecodable: ${fault}`;
    const fields: string[] = [];
    for (let i = 0; i < list.length; i += 2) {
      if (list.fields[i] === ':path') this.paths.set(streamId, list.fields[i + 1]!);
      fields.push(`${list.fields[i]}=${list.fields[i + 1]}`);
    }
    return fields.filter(field => /^(:status|grpc-status)=/.test(field)).join(' ');
  }
}
