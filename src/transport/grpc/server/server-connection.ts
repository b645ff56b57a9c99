import type { Duplex } from 'node:stream';
import type { Service } from '../../../base/call.ts';
import type { ProxyError } from '../../../base/error.ts';
import { MemoryAccount } from '../../../base/memory-account.ts';
import type { ReportFault } from '../../../base/own-fault.ts';
import { Connection } from '../../http2/connection.ts';
import { ErrorCode } from '../../http2/frames/error-code.ts';
import type { Limits } from '../../http2/limits.ts';
import type { Role } from '../../http2/role.ts';
import type { Stream } from '../../http2/stream.ts';
import { lendReads } from '../../sockets/lent-reads.ts';
import { messagePrefix } from '../messages/message-prefix.ts';
import { ResponseWriter } from './response-writer.ts';
import { ServerCall } from './server-call.ts';
import { Standstill } from './standstill.ts';

/** One client's connection to a server. */
export class ServerConnection implements Role {
  readonly server = true;
  readonly prefix = messagePrefix;
  private readonly connection: Connection;
  private readonly writer: ResponseWriter;
  private readonly service: Service;
  private readonly limits: Limits;
  /** The memory of this client's messages. */
  private readonly account: MemoryAccount;
  private readonly startedAt = performance.now();
  private readonly idle = new Standstill(this.startedAt);
  private readonly frame = new Standstill(this.startedAt);

  /** `held`: the memory of all clients' messages. */
  constructor(socket: Duplex, service: Service, limits: Limits, held: MemoryAccount, report: ReportFault) {
    this.service = service;
    this.limits = limits;
    this.account = new MemoryAccount(Math.min(limits.maxHeld, held.max / 2), held);
    this.connection = new Connection(socket, this, limits, report);
    this.writer = new ResponseWriter(this.connection);
    lendReads(socket, chunk => this.connection.receive(chunk));
  }

  accept(): Stream {
    return new ServerCall(this.connection, this.writer, this.service, this.account);
  }

  onReady(): void {}
  onSettings(): void {}
  onRoom(): void {}
  onGoAway(): void {}
  onOver(): void {}

  onRelease(): void {
    if (this.connection.goingAway) this.endIfDrained();
  }

  /** Sends GOAWAY and ends all streaming calls; the connection ends with its last unary call. */
  shutDown(reason: ProxyError): void {
    this.connection.enter(() => {
      this.connection.goAway();
      for (const stream of this.connection.streams.all()) {
        const call = stream as ServerCall;
        if (call.streaming) call.abort(reason);
      }
      this.endIfDrained();
    });
  }

  destroy(reason: string): void {
    this.connection.destroy(reason);
  }

  /** Checks the limits of time; `now` is of performance.now(). */
  sweep(now: number): void {
    if (!this.connection.over) this.connection.enter(() => this.checkTimes(now));
  }

  private checkTimes(now: number): void {
    const { connection, limits } = this;
    if (!connection.ready) {
      if (now - this.startedAt > limits.handshakeTimeout)
        connection.fail(ErrorCode.EnhanceYourCalm, 'the handshake takes too long');
      return;
    }
    this.sweepFrame(now);
    connection.sweepStalls(now);
    this.sweepIdle(now);
  }

  private sweepFrame(now: number): void {
    const { connection, limits } = this;
    const framesRead = connection.midFrame ? connection.framesRead : -1;
    if (this.frame.look(framesRead, now) > limits.frameTimeout) {
      connection.fail(ErrorCode.EnhanceYourCalm, 'a frame does not end');
    }
  }

  private sweepIdle(now: number): void {
    const { connection, limits } = this;
    const opened = connection.streams.size === 0 ? connection.opened : -1;
    if (this.idle.look(opened, now) > limits.idleTimeout) {
      connection.goAway();
      this.endIfDrained();
    }
  }

  private endIfDrained(): void {
    if (this.connection.streams.size === 0) this.connection.end('shutting down');
  }
}
