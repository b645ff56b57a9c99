import { createServer, type Server, type Socket } from 'node:net';
import type { Service } from '../../base/call.ts';
import type { MemoryAccount } from '../../base/memory-account.ts';
import type { ReportFault } from '../../base/own-fault.ts';
import { groupId } from '../../config/group-id.ts';
import type { ProxyConfig } from '../../config/proxy-config.ts';
import type { AccessRules } from '../../routing/access/access-rules.ts';
import { type Restricted, restrictedService } from '../../routing/access/restricted-service.ts';
import { serve } from '../../transport/grpc/server/server.ts';
import type { GrpcServer } from '../../transport/server-port.ts';
import { clearSocketFile, listenOn, listenOnInherited } from '../../transport/sockets/socket-file.ts';
import type { CallWatch } from '../../watch/call-watch.ts';
import { watchedService } from '../../watch/watched-service.ts';
import { type SocketOwner, setOwner } from './socket-owner.ts';

export type SocketConfig = ProxyConfig['sockets'][number];

/** Root and its group, as for the node's own socket. */
const MODE = 0o660;

/** Agents have a connection or two. More would be turns of the event loop that the kubelet waits for. */
const CONNECTIONS = 16;

/** Calls of one connection that are under way. */
const STREAMS = 32;

/**
 * Calls a second, where the configuration has no rate. A list of 100 containers, redacted and for some namespaces, takes a ms of the
 * event loop, so that they are a tenth of it.
 */
export const DEFAULT_RATE = 100;

export interface AccessSocketParts {
  /** Of the node's own socket, without observers. */
  readonly service: Service;
  readonly watch: CallWatch;
  /** The memory of messages of all such sockets. */
  readonly held: MemoryAccount;
  readonly report: ReportFault;
}

/** A socket that systemd has made: its file descriptor, and the path at which it listens. */
export interface InheritedSocket {
  readonly fd: number;
  readonly path: string;
}

/** A socket that serves, under rules that can change. */
export class AccessSocket {
  readonly path: string;
  readonly isInherited: boolean;
  /** Of the file: systemd may have another path to it than the configuration. */
  private readonly file: string;
  private readonly parts: AccessSocketParts;
  private readonly server: GrpcServer;
  private readonly clients = new Set<Socket>();
  private owner: SocketOwner;
  private restricted: Restricted;

  private constructor(
    config: SocketConfig,
    owner: SocketOwner,
    inherited: InheritedSocket | undefined,
    parts: AccessSocketParts,
    listener: Server,
  ) {
    this.path = config.path;
    this.isInherited = inherited !== undefined;
    this.file = inherited?.path ?? config.path;
    this.owner = owner;
    this.parts = parts;
    this.restricted = restrictedService(parts.service, rulesOf(config));
    listener.maxConnections = CONNECTIONS;
    listener.on('connection', client => {
      this.clients.add(client);
      client.once('close', () => this.clients.delete(client));
    });
    const service = watchedService(path => this.restricted.service(path), parts.watch, config.path);
    const { held, report } = parts;
    this.server = serve(listener, service, { held, report, limits: { maxConcurrentStreams: STREAMS } });
  }

  /** `inherited`: the socket, if systemd has made it. Rejects with a SocketFileError. */
  static async open(
    config: SocketConfig,
    inherited: InheritedSocket | undefined,
    parts: AccessSocketParts,
  ): Promise<AccessSocket> {
    const owner = await ownerOf(config);
    const listener = createServer();
    if (inherited !== undefined) {
      await setOwner(inherited.path, owner);
      const socket = new AccessSocket(config, owner, inherited, parts, listener);
      await listenOnInherited(listener, inherited.fd);
      return socket;
    }
    await clearSocketFile(config.path);
    const socket = new AccessSocket(config, owner, undefined, parts, listener);
    await listenOn(listener, config.path, owner.groupName === undefined ? owner.mode : owner.mode & 0o700);
    try {
      await setOwner(config.path, owner);
    } catch (fault) {
      await socket.close(0);
      throw fault;
    }
    return socket;
  }

  get connections(): number {
    return this.server.connections;
  }

  /**
   * Puts other rules for the same path in force: for each call that comes, and each message of a stream. With another mode or group the
   * connections end, because their clients may not be allowed to open the socket any more.
   */
  async change(config: SocketConfig): Promise<void> {
    const before = this.restricted;
    this.restricted = restrictedService(this.parts.service, rulesOf(config));
    before.revoke();
    const owner = await ownerOf(config);
    await setOwner(this.file, owner);
    const { mode, group } = this.owner;
    this.owner = owner;
    if (owner.mode !== mode || owner.group !== group) for (const client of this.clients) client.destroy();
  }

  /** As GrpcServer.close. */
  close(grace: number): Promise<void> {
    return this.server.close(grace);
  }
}

function rulesOf({ path, allow, redact = false, namespaces, rate = DEFAULT_RATE }: SocketConfig): AccessRules {
  return { socket: path, allow, redact, namespaces, rate };
}

async function ownerOf({ mode = MODE, group }: SocketConfig): Promise<SocketOwner> {
  return { mode, group: group === undefined ? process.getegid!() : await groupId(group), groupName: group };
}
