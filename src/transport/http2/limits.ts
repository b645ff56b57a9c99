const KiB = 1024;
const MiB = 1024 * KiB;

/**
 * What one connection may ask of us, and for how long. Who breaks a limit loses the stream where the docstring says so,
 * and otherwise its own connection (GOAWAY with ENHANCE_YOUR_CALM); no other connection notices. Sizes are bytes, times
 * are milliseconds.
 */
export interface Limits {
  /** SETTINGS_MAX_CONCURRENT_STREAMS of a server; a stream above it is refused. Each exec probe of a node holds one. */
  readonly maxConcurrentStreams: number;
  /** SETTINGS_MAX_FRAME_SIZE; the RFC's smallest, and all that grpc-go ever sends. */
  readonly maxFrameSize: number;
  /** SETTINGS_MAX_HEADER_LIST_SIZE: decoded size (RFC 7541 section 4.1) of one header list; a larger one fails its stream. */
  readonly maxHeaderListSize: number;
  /** Decoded size of a header list of which no more is kept: long values are cut, and a list that needs them fails its stream. */
  readonly maxKeptHeaders: number;
  /** Encoded size of one header block, CONTINUATION frames included. */
  readonly maxHeaderBlockSize: number;
  /** CONTINUATION frames of one header block, above one for each KiB of it. */
  readonly maxContinuations: number;
  /** Decoded size of one header list at which decoding is given up: an HPACK bomb. */
  readonly maxDecodedSize: number;
  /** SETTINGS_INITIAL_WINDOW_SIZE: what a sender may be ahead of a stream's reader. */
  readonly streamWindow: number;
  /** Receive window of the connection. */
  readonly connectionWindow: number;
  /** One message, on the wire and decompressed; a larger one fails its stream with ResourceExhausted. */
  readonly maxMessageSize: number;
  /**
   * Messages of one client that are held: while they come in, while their call is served, and while their answers wait for the
   * client. A call that would go beyond it fails with ResourceExhausted.
   */
  readonly maxHeld: number;
  /** Calls of one client that wait for one server: as many as it may have streams. One more fails with ResourceExhausted. */
  readonly maxWaiting: number;
  /** Bytes on their way to the socket at which no more DATA is made. */
  readonly outputHighWater: number;
  /** Bytes that wait for a peer that does not read its socket: acknowledgements, resets and headers. */
  readonly maxBacklog: number;
  /** Streams that may be reset or refused, all at once and per second (CVE-2023-44487; the numbers are nghttp2's). */
  readonly resetBurst: number;
  readonly resetRate: number;
  /** PING frames above one for each DATA frame that we send, which is what grpc-go's bandwidth estimation does. */
  readonly pingBurst: number;
  readonly pingRate: number;
  /** SETTINGS frames (CVE-2019-9515). */
  readonly settingsBurst: number;
  readonly settingsRate: number;
  /** Frames that move nothing: empty DATA, WINDOW_UPDATE, PRIORITY, unknown types (CVE-2019-9518, CVE-2019-9513). */
  readonly idleFrameBurst: number;
  readonly idleFrameRate: number;
  /** From accepting a connection to its preface and SETTINGS. */
  readonly handshakeTimeout: number;
  /** From the first to the last byte of a header block, and of any frame. */
  readonly frameTimeout: number;
  /** A connection without streams gets a GOAWAY with NO_ERROR after this; a gRPC client dials again when it has a call. */
  readonly idleTimeout: number;
  /**
   * In each such time a message that is under way, either way, has to move by at least `minProgress` bytes, or its stream is reset
   * (zero-window stall, CVE-2019-9511, CVE-2019-9517). A stream that pauses between messages is left alone.
   */
  readonly stallTimeout: number;
  readonly minProgress: number;
  /** From our GOAWAY with an error until the socket is destroyed. */
  readonly linger: number;
  /** How often the times above are looked at. */
  readonly sweepInterval: number;
}

export const defaultLimits: Limits = {
  maxConcurrentStreams: 2048,
  maxFrameSize: 16 * KiB,
  maxHeaderListSize: 256 * KiB,
  maxKeptHeaders: 256 * KiB,
  maxHeaderBlockSize: 256 * KiB,
  maxContinuations: 32,
  maxDecodedSize: 4 * MiB,
  streamWindow: 1 * MiB,
  connectionWindow: 16 * MiB,
  maxMessageSize: 64 * MiB,
  maxHeld: 256 * MiB,
  maxWaiting: 2048,
  outputHighWater: 256 * KiB,
  maxBacklog: 4 * MiB,
  resetBurst: 1000,
  resetRate: 33,
  pingBurst: 1000,
  pingRate: 20,
  settingsBurst: 100,
  settingsRate: 5,
  idleFrameBurst: 10_000,
  idleFrameRate: 1000,
  handshakeTimeout: 10_000,
  frameTimeout: 30_000,
  idleTimeout: 30 * 60_000,
  stallTimeout: 60_000,
  minProgress: 64 * KiB,
  linger: 1000,
  sweepInterval: 5000,
};

/**
 * Towards a runtime. Its error texts come as headers: grpc-go, whose clients take 16 MiB of them, keeps to the limit that is announced
 * and resets a call whose text is longer; others ignore the limit. So all is taken that a kubelet would take, and the beginning kept.
 * A stall is given longer than the kubelet's longest deadline, 4 minutes, so that it ends no call that would have come to an end.
 */
export const runtimeLimits: Limits = {
  ...defaultLimits,
  maxHeaderListSize: 16 * MiB,
  maxKeptHeaders: 512 * KiB,
  maxHeaderBlockSize: 32 * MiB,
  maxDecodedSize: 32 * MiB,
  stallTimeout: 5 * 60_000,
};
