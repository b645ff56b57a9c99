import { ErrorCode } from '../../../src/transport/http2/frames/error-code.ts';
import { FrameType } from '../../../src/transport/http2/frames/frame.ts';
import { encodeSettings, SettingId } from '../../../src/transport/http2/frames/settings.ts';
import { frame, uint32 } from './frames.ts';

/** SETTINGS with these parameters. */
export function settings(...parameters: ReadonlyArray<readonly [id: number, value: number]>): Buffer {
  return frame(FrameType.Settings, 0, 0, encodeSettings(parameters));
}

/** RST_STREAM, with CANCEL if no code is given. */
export function rstStream(streamId: number, code: number = ErrorCode.Cancel): Buffer {
  return frame(FrameType.RstStream, 0, streamId, uint32(code));
}

export function windowUpdate(streamId: number, increment: number): Buffer {
  return frame(FrameType.WindowUpdate, 0, streamId, uint32(increment));
}

export function priority(streamId: number): Buffer {
  return frame(FrameType.Priority, 0, streamId, Buffer.alloc(5));
}

/** GOAWAY, with NO_ERROR if no code is given. */
export function goAway(lastStreamId: number, code = 0, debug = ''): Buffer {
  return frame(FrameType.GoAway, 0, 0, Buffer.concat([uint32(lastStreamId), uint32(code), Buffer.from(debug)]));
}

/** SETTINGS of a peer that lets us send nothing on a stream. */
export const noWindow = settings([SettingId.InitialWindowSize, 0]);
