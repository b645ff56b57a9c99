import { writeSync } from 'node:fs';
import { Socket } from 'node:net';

/** The inside of a Node.js socket of the unix family: a Pipe of libuv, which takes any file descriptor. */
interface Pipe {
  open(fd: number): number;
}

/** No server listens there: the connection attempt only gives a socket object to look into. */
const NOWHERE = '/dev/null';

/**
 * A datagram socket of the unix family, which systemd takes messages on. Node.js cannot make one, but it can connect one that
 * systemd hands over (ListenDatagram= of the socket unit). So messages come from the main process itself, which systemd knows
 * even when its cgroup changes, and there is no child that may end before systemd has looked at it.
 */
export class NotifySocket {
  readonly #fd: number;
  // Holds the file descriptor open.
  readonly #socket: Socket;

  private constructor(fd: number, socket: Socket) {
    this.#fd = fd;
    this.#socket = socket;
  }

  /** Connects `fd` to the value of NOTIFY_SOCKET. Rejects in words. */
  static async connect(fd: number, address: string): Promise<NotifySocket> {
    const socket = new Socket({ handle: openPipe(fd), allowHalfOpen: true } as object);
    // It is for writing alone.
    socket.pause().unref();
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.connect({ path: address.replace(/^@/, '\0') }, resolve);
    });
    socket.on('error', () => {});
    return new NotifySocket(fd, socket);
  }

  /** Sends assignments as one message. Rejects with the system's error. */
  async send(assignments: readonly string[]): Promise<void> {
    if (this.#socket.destroyed) throw new Error('the socket is closed');
    // One write is one datagram: a stream may join two.
    writeSync(this.#fd, assignments.join('\n'));
  }
}

function openPipe(fd: number): Pipe {
  const any = new Socket().on('error', () => {});
  any.connect({ path: NOWHERE });
  const make = (any as { _handle?: { constructor?: new (type: number) => Pipe } })._handle?.constructor;
  any.destroy();
  if (make?.name !== 'Pipe') throw new Error('this Node.js has other sockets inside');
  const pipe = new make(0);
  const fault = pipe.open(fd);
  if (fault !== 0) throw new Error(`file descriptor ${fd} cannot be opened (${fault})`);
  return pipe;
}
