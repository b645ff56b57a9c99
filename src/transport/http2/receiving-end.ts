import type { IdTable } from '../../base/id-table.ts';
import type { ClosedStreams } from './closed-streams.ts';
import type { Floods } from './floods.ts';
import type { FrameWriter } from './frame-writer.ts';
import type { ErrorCode } from './frames/error-code.ts';
import type { PeerSettings } from './frames/settings.ts';
import type { HpackEncoder } from './hpack/hpack-encoder.ts';
import type { Limits } from './limits.ts';
import type { Role } from './role.ts';
import type { Sender } from './sender.ts';
import type { Stream } from './stream.ts';

/** The part of a Connection that incoming frames change. Connection documents each member. */
export interface ReceivingEnd {
  readonly limits: Limits;
  readonly role: Role;
  readonly peer: PeerSettings;
  readonly encoder: HpackEncoder;
  readonly floods: Floods;
  readonly sender: Sender;
  readonly frames: FrameWriter;
  readonly streams: IdTable<Stream>;
  readonly closedStreams: ClosedStreams;
  readonly goingAway: boolean;
  lastStreamId: number;
  register(stream: Stream, id: number): void;
  release(stream: Stream): void;
  refuse(stream: Stream, code: ErrorCode, fault: string): void;
  countReset(): void;
  credit(stream: Stream, octets: number): void;
  fail(code: ErrorCode, reason: string): void;
}
