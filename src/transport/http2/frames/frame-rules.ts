import { ErrorCode } from './error-code.ts';
import { Flag, FrameType, frameName } from './frame.ts';
import { settingSize } from './settings.ts';

/** A fault of a frame that ends the connection. */
export interface FrameFault {
  readonly code: ErrorCode;
  readonly reason: string;
}

const ofStreams: readonly number[] = [FrameType.Data, FrameType.Headers, FrameType.Priority, FrameType.RstStream];
const ofConnections: readonly number[] = [FrameType.Settings, FrameType.Ping, FrameType.GoAway];

/** The fault of a frame by its header alone (RFC 9113 section 6). PRIORITY of a wrong length is an error of its stream, and no fault here. */
export function findFrameFault(type: number, flags: number, streamId: number, length: number): FrameFault | undefined {
  if (streamId === 0 && ofStreams.includes(type)) return fault(ErrorCode.ProtocolError, type, 'on stream 0');
  if (streamId !== 0 && ofConnections.includes(type)) return fault(ErrorCode.ProtocolError, type, 'on a stream');
  if (hasLegalLength(type, flags, length)) return undefined;
  return fault(ErrorCode.FrameSizeError, type, `of ${length} bytes`);
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
