import { createServer, type Server } from 'node:net';
import type { Service } from '../../base/call.ts';
import type { MemoryAccount } from '../../base/memory-account.ts';
import type { ProxyConfig } from '../../config/proxy-config.ts';
import type { AccessRules } from '../../routing/access/access-rules.ts';
import { type Restricted, restrictedService } from '../../routing/access/restricted-service.ts';
import { serve } from '../../transport/grpc/server/server.ts';
import type { GrpcServer } from '../../transport/server-port.ts';
import { clearSocketFile, listenOn, listenOnInherited } from '../../transport/sockets/socket-file.ts';
import type { CallWatch } from '../../watch/call-watch.ts';
import { watchedService } from '../../watch/watched-service.ts';
import { groupId } from './group-id.ts';
import { type SocketOwner, setOwner } from './socket-owner.ts';

export type SocketConfig = ProxyConfig['sockets'][number];

/** Root and its group, as for the node's own socket. */
const MODE = 0o660;

/** Agents have a connection or two. More would be turns of the event loop that the kubelet waits for. */
const CONNECTIONS = 16;

/** Calls of one connection that are under way. */
const STREAMS = 32;

export interface AccessSocketParts {
  /** Of the node's own socket, without observers. */
  readonly service: Service;
  readonly watch: CallWatch;
  /** The memory of messages of all such sockets. */
  readonly held: MemoryAccount;
}

/** A socket that serves, under rules that can change. */
export class AccessSocket {
  readonly path: string;
  readonly isInherited: boolean;
  private readonly parts: AccessSocketParts;
  private readonly server: GrpcServer;
  private restricted: Restricted;

  private constructor(config: SocketConfig, isInherited: boolean, parts: AccessSocketParts, listener: Server) {
    this.path = config.path;
    this.isInherited = isInherited;
    this.parts = parts;
    this.restricted = restrictedService(parts.service, rulesOf(config));
    listener.maxConnections = CONNECTIONS;
    const service = watchedService(path => this.restricted.service(path), parts.watch, config.path);
    this.server = serve(listener, service, { held: parts.held, limits: { maxConcurrentStreams: STREAMS } });
  }

  /** `fd`: the socket, if systemd has made it. Rejects with a SocketFileError. */
  static async open(config: SocketConfig, fd: number | undefined, parts: AccessSocketParts): Promise<AccessSocket> {
    const owner = await ownerOf(config);
    const listener = createServer();
    if (fd !== undefined) {
      await setOwner(config.path, owner);
      const socket = new AccessSocket(config, true, parts, listener);
      await listenOnInherited(listener, fd);
      return socket;
    }
    await clearSocketFile(config.path);
    const socket = new AccessSocket(config, false, parts, listener);
    await listenOn(listener, config.path, owner.group === undefined ? owner.mode : owner.mode & 0o700);
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

  /** Puts other rules for the same path in force: for each call that comes, and each message of a stream. */
  async change(config: SocketConfig): Promise<void> {
    const before = this.restricted;
    this.restricted = restrictedService(this.parts.service, rulesOf(config));
    before.revoke();
    await setOwner(config.path, await ownerOf(config));
  }

  /** As GrpcServer.close. */
  close(grace: number): Promise<void> {
    return this.server.close(grace);
  }
}

function rulesOf({ path, allow, redact, namespaces, rate }: SocketConfig): AccessRules {
  return { socket: path, allow, redact: redact ?? false, namespaces, rate };
}

async function ownerOf({ mode, group }: SocketConfig): Promise<SocketOwner> {
  return { mode: mode ?? MODE, group: group === undefined ? undefined : await groupId(group) };
}
