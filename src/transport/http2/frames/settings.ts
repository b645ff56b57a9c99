import { ErrorCode } from './error-code.ts';
import { max31 } from './frame.ts';

/** Identifiers of SETTINGS parameters (RFC 9113 section 6.5.2). */
export const SettingId = {
  HeaderTableSize: 1,
  EnablePush: 2,
  MaxConcurrentStreams: 3,
  InitialWindowSize: 4,
  MaxFrameSize: 5,
  MaxHeaderListSize: 6,
} as const;

/** Octets of one parameter in a SETTINGS frame. */
export const settingSize = 6;

/**
 * The largest frame that is sent, even if the peer allows more: gRPC core allows 4 MiB. A frame delays the frames of all other
 * streams, and all of its bytes go to the socket at once.
 */
const largestSent = 64 * 1024;

/** The settings of a peer. They begin with the RFC's defaults. */
export class PeerSettings {
  headerTableSize = 4096;
  maxConcurrentStreams = Number.POSITIVE_INFINITY;
  initialWindowSize = 65_535;
  /** The largest frame to send: the peer's limit, up to `largestSent`. */
  maxFrameSize = 16_384;
  maxHeaderListSize = Number.POSITIVE_INFINITY;

  /** Reads a SETTINGS payload of a legal length. Returns the error that ends the connection. */
  read(from: Buffer, start: number, end: number, fromServer: boolean): ErrorCode | undefined {
    for (let at = start; at < end; at += settingSize) {
      const fault = this.set(from.readUInt16BE(at), from.readUInt32BE(at + 2), fromServer);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  private set(id: number, value: number, fromServer: boolean): ErrorCode | undefined {
    switch (id) {
      case SettingId.HeaderTableSize:
        this.headerTableSize = value;
        return undefined;
      case SettingId.EnablePush:
        return value > 1 || (fromServer && value === 1) ? ErrorCode.ProtocolError : undefined;
      case SettingId.MaxConcurrentStreams:
        this.maxConcurrentStreams = value;
        return undefined;
      case SettingId.InitialWindowSize:
        if (value > max31) return ErrorCode.FlowControlError;
        this.initialWindowSize = value;
        return undefined;
      case SettingId.MaxFrameSize:
        if (value < 16_384 || value > 0xffffff) return ErrorCode.ProtocolError;
        this.maxFrameSize = Math.min(value, largestSent);
        return undefined;
      case SettingId.MaxHeaderListSize:
        this.maxHeaderListSize = value;
        return undefined;
      default:
        return undefined;
    }
  }
}

/** Encodes a SETTINGS payload. */
export function encodeSettings(settings: ReadonlyArray<readonly [id: number, value: number]>): Buffer {
  const payload = Buffer.alloc(settings.length * settingSize);
  settings.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, i * settingSize);
    payload.writeUInt32BE(value, i * settingSize + 2);
  });
  return payload;
}
