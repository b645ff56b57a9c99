/**
 * A WebSocket of the streaming API (kubelet's pkg/kubelet/cri/streaming, `v4.channel.k8s.io`): each message is one byte with the
 * channel number and then bytes of that channel.
 */
export interface ChannelSocket {
  /** Sends one message on a channel. */
  send(channel: number, data: Buffer | string): void;
  /** Resolves when the channel's bytes so far satisfy `enough`, with all of them; rejects when the socket closes first. */
  read(channel: number, enough: (bytes: Buffer) => boolean): Promise<Buffer>;
  /** Resolves with all bytes of the channel once the other side has closed. */
  readAll(channel: number): Promise<Buffer>;
  close(): void;
}

/** exec and attach: stdin, stdout, stderr, and at the end a Status as JSON. */
export const execChannel = { stdin: 0, stdout: 1, stderr: 2, status: 3 } as const;

/** `url` is a streaming URL as CRI hands it out, `http://host:port/path`; rejects when the server refuses the upgrade. */
export async function openChannels(url: string): Promise<ChannelSocket> {
  const socket = new WebSocket(url.replace(/^http:/, 'ws:'), ['v4.channel.k8s.io']);
  socket.binaryType = 'arraybuffer';
  const received = new Map<number, Buffer>();
  const onChange = new EventTarget();
  const bytesOf = (channel: number): Buffer => received.get(channel) ?? Buffer.alloc(0);
  socket.addEventListener('message', ({ data }) => {
    const message = Buffer.from(data as ArrayBuffer);
    const channel = message[0]!;
    received.set(channel, Buffer.concat([bytesOf(channel), message.subarray(1)]));
    onChange.dispatchEvent(new Event('change'));
  });
  const closed = new Promise<void>(resolve => socket.addEventListener('close', () => resolve(), { once: true }));
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve(), { once: true });
    socket.addEventListener('error', () => reject(new Error(`no WebSocket at ${url}`)), { once: true });
  });
  return {
    send: (channel, data) => socket.send(Buffer.concat([Buffer.from([channel]), Buffer.from(data)])),
    read(channel, enough) {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          if (!enough(bytesOf(channel))) return;
          onChange.removeEventListener('change', look);
          resolve(bytesOf(channel));
        };
        onChange.addEventListener('change', look);
        void closed.then(() => reject(new Error(`closed with ${JSON.stringify(String(bytesOf(channel)))} read`)));
        look();
      });
    },
    async readAll(channel) {
      await closed;
      return bytesOf(channel);
    },
    close: () => socket.close(),
  };
}

/**
 * A port-forward (pkg/kubelet/cri/streaming/portforward/websocket.go): channel 2n carries the data of the n-th port and
 * 2n+1 its errors, each after two bytes that repeat the port.
 */
export function openPort(url: string, port: number): Promise<ChannelSocket> {
  return openChannels(`${url}?port=${port}`);
}
