const KiB = 1024;
const MiB = 1024 * KiB;

/**
 * The limits of one connection. A peer above a limit loses the stream if the docstring says so, and otherwise its own connection
 * (GOAWAY with ENHANCE_YOUR_CALM). Other connections are not affected. Sizes are bytes, times are milliseconds.
 */
export interface Limits {
  /** SETTINGS_MAX_CONCURRENT_STREAMS of a server; a stream above it is refused. Each exec probe of a node holds one. */
  readonly maxConcurrentStreams: number;
  /** SETTINGS_MAX_FRAME_SIZE: the RFC's smallest value, and the largest frame that grpc-go sends. */
  readonly maxFrameSize: number;
  /** SETTINGS_MAX_HEADER_LIST_SIZE: decoded size (RFC 7541 section 4.1) of one header list. A larger list fails its stream. */
  readonly maxHeaderListSize: number;
  /** Decoded size that is kept of one header list. Long values above it are cut, and a list without its values fails its stream. */
  readonly maxKeptHeaders: number;
  /** Encoded size of one header block with its CONTINUATION frames. */
  readonly maxHeaderBlockSize: number;
  /** CONTINUATION frames of one header block, in addition to one for each KiB. */
  readonly maxContinuations: number;
  /** Decoded size of one header list above which decoding stops: an HPACK bomb. */
  readonly maxDecodedSize: number;
  /** SETTINGS_INITIAL_WINDOW_SIZE: the bytes that a sender may be ahead of the stream's reader. */
  readonly streamWindow: number;
  /** Receive window of the connection. */
  readonly connectionWindow: number;
  /** Size of one message, on the wire and decompressed. A larger message fails its stream with ResourceExhausted. */
  readonly maxMessageSize: number;
  /**
   * Memory for the messages of one client: while they come in, while their call is served, and while their answers wait for the
   * client. A call that needs more fails with ResourceExhausted.
   */
  readonly maxHeld: number;
  /** Calls of one client that wait for one server: as many as the client may have streams. One more fails with ResourceExhausted. */
  readonly maxWaiting: number;
  /** Bytes on their way to the socket above which DATA waits. */
  readonly outputHighWater: number;
  /** Bytes that wait while the peer does not read its socket: acknowledgements, resets and headers. */
  readonly maxBacklog: number;
  /** Streams that may be reset or refused, at once and per second (CVE-2023-44487; the numbers are nghttp2's). */
  readonly resetBurst: number;
  readonly resetRate: number;
  /** PING frames, in addition to one for each DATA frame that we send: grpc-go sends that many to estimate the bandwidth. */
  readonly pingBurst: number;
  readonly pingRate: number;
  /** SETTINGS frames (CVE-2019-9515). */
  readonly settingsBurst: number;
  readonly settingsRate: number;
  /** Frames that make no progress: empty DATA, WINDOW_UPDATE, PRIORITY, unknown types (CVE-2019-9518, CVE-2019-9513). */
  readonly idleFrameBurst: number;
  readonly idleFrameRate: number;
  /** Time from the accept of a connection to its preface and SETTINGS. */
  readonly handshakeTimeout: number;
  /** Time from the first to the last byte of a header block, and of any frame. */
  readonly frameTimeout: number;
  /** Time after which a connection without streams gets GOAWAY with NO_ERROR. A gRPC client dials again for its next call. */
  readonly idleTimeout: number;
  /**
   * Time in which a message, in either direction, has to move by at least `minProgress` bytes, or its stream is reset (zero-window
   * stall, CVE-2019-9511, CVE-2019-9517). A stream may pause between messages.
   */
  readonly stallTimeout: number;
  readonly minProgress: number;
  /** Time from our GOAWAY with an error until the socket is destroyed. */
  readonly linger: number;
  /** Period of the checks of the times above. */
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
  sweepInterval: 10_000,
};

/**
 * The limits of a connection to a runtime. Error texts of a runtime come as headers. A grpc-go server resets a call whose text is
 * longer than the announced limit, and other servers ignore the limit; a grpc-go client accepts 16 MiB. So the proxy accepts as much
 * as a kubelet does, and keeps the beginning. The time for a stall is longer than the kubelet's longest deadline, 4 minutes, so that
 * it ends no call which would have succeeded.
 */
export const runtimeLimits: Limits = {
  ...defaultLimits,
  maxHeaderListSize: 16 * MiB,
  maxKeptHeaders: 512 * KiB,
  maxHeaderBlockSize: 32 * MiB,
  maxDecodedSize: 32 * MiB,
  stallTimeout: 5 * 60_000,
};
