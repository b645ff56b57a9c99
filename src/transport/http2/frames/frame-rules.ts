import { ErrorCode } from './error-code.ts';
import { Flag, FrameType, frameName } from './frame.ts';
import { settingSize } from './settings.ts';

/** A fault of a frame that ends the connection. */
export interface FrameFault {
  readonly code: ErrorCode;
  readonly reason: string;
}

/** Sets of types as bits: every frame is looked up here. Types from 32 on are unknown. */
const ofStreams = setOf(FrameType.Data, FrameType.Headers, FrameType.Priority, FrameType.RstStream);
const ofConnections = setOf(FrameType.Settings, FrameType.Ping, FrameType.GoAway);

/** The fault of a frame by its header alone (RFC 9113 section 6). PRIORITY of a wrong length is an error of its stream, and no fault here. */
export function findFrameFault(type: number, flags: number, streamId: number, length: number): FrameFault | undefined {
  if (streamId === 0 && isIn(ofStreams, type)) return fault(ErrorCode.ProtocolError, type, 'on stream 0');
  if (streamId !== 0 && isIn(ofConnections, type)) return fault(ErrorCode.ProtocolError, type, 'on a stream');
  if (hasLegalLength(type, flags, length)) return undefined;
  return fault(ErrorCode.FrameSizeError, type, `of ${length} bytes`);
}

function setOf(...types: readonly number[]): number {
  return types.reduce((set, type) => set | (1 << type), 0);
}

function isIn(set: number, type: number): boolean {
  return type < 32 && (set & (1 << type)) !== 0;
}

function hasLegalLength(type: number, flags: number, length: number): boolean {
  switch (type) {
    case FrameType.RstStream:
    case FrameType.WindowUpdate:
      return length === 4;
    case FrameType.Settings:
      return (flags & Flag.Ack) === 0 ? length % settingSize === 0 : length === 0;
    case FrameType.Ping:
      return length === 8;
    case FrameType.GoAway:
      return length >= 8;
    default:
      return true;
  }
}

function fault(code: ErrorCode, type: number, what: string): FrameFault {
  return { code, reason: `${frameName(type)} ${what}` };
}
