import type { CallOptions, Method, Reply, ReplyStream, RequestStream, Service } from '../base/call.ts';
import { Code } from '../base/codes.ts';
import { ProxyError } from '../base/error.ts';
import type { Logger } from '../base/logger.ts';
import { dump } from '../cri/show/dump.ts';
import { endpoints } from '../cri/translate/method-spec.ts';
import { failed } from './asking/failed.ts';
import { LeadMetadata } from './call/lead-metadata.ts';
import { MethodPlan } from './call/method-plan.ts';
import { passThrough } from './pass-through.ts';
import { listTimeoutOf, type RoutingSettings } from './port/routing-settings.ts';
import type { Runtimes } from './port/runtimes.ts';
import type { NodeState } from './state/node-state.ts';
import { RuntimeConfigReplay } from './status/runtime-config.ts';
import { streamRoutes } from './stream-routes.ts';
import { unaryRoutes } from './unary-routes.ts';

/**
 * CRI in all its packages, served from these runtimes; other methods go to the primary. A service that replaces another has the same
 * `node` and `replay`.
 */
export function routedService(
  runtimes: Runtimes,
  settings: RoutingSettings,
  node: NodeState,
  log: Logger,
  replay: RuntimeConfigReplay = new RuntimeConfigReplay(node, log),
): Service {
  const served = new Map<string, Method>();
  for (const [path, endpoint] of endpoints()) {
    const plan = new MethodPlan(endpoint, runtimes, settings, node);
    served.set(path, endpoint.method.streams ? streaming(plan, log) : unary(plan, log, replay));
  }
  node.listTimeout = runtime => listTimeoutOf(settings, runtime.id);
  const { primary } = runtimes;
  return path => served.get(path) ?? passThrough(path, primary, settings.primaryWait, log);
}

function unary(plan: MethodPlan, log: Logger, replay: RuntimeConfigReplay): Method {
  const { method } = plan;
  if (method.route === 'events') throw new Error(`${method.name} cannot be unary`);
  const route = unaryRoutes[method.route];
  return {
    kind: 'unary',
    async handle(request: Buffer, options: CallOptions): Promise<Reply> {
      if (log.enabled(method.level)) logMessage(log, plan, 'request', request, options);
      const others = method.route === 'all' ? replay.inform(plan, request, options) : undefined;
      try {
        const reply = await route(plan, request, options);
        await others;
        if (log.enabled(method.level)) logMessage(log, plan, 'response', reply.message, options);
        return reply;
      } catch (fault) {
        throw failed(log, method.name, fault, options);
      }
    },
  };
}

function streaming(plan: MethodPlan, log: Logger): Method {
  const { method } = plan;
  const route = streamRoutes[method.route];
  if (route === undefined) throw new Error(`${method.name} cannot stream`);
  return {
    kind: 'stream',
    handle(requests: RequestStream, options: CallOptions): ReplyStream {
      const lead = new LeadMetadata();
      const messages = async function* () {
        try {
          const request = await onlyMessage(requests);
          if (log.enabled(method.level)) logMessage(log, plan, 'request', request, options);
          for await (const message of route(plan, request, options, lead)) {
            lead.settle();
            if (log.enabled(method.level)) logMessage(log, plan, 'response', message, options);
            yield message;
          }
        } catch (fault) {
          throw failed(log, method.name, fault, options);
        } finally {
          lead.settle();
        }
      };
      return {
        headers: lead.headers,
        get trailers() {
          return lead.trailers;
        },
        [Symbol.asyncIterator]: messages,
      };
    },
  };
}

async function onlyMessage(requests: RequestStream): Promise<Buffer> {
  // A loop that is left early would cancel the call.
  const iterator = Symbol.asyncIterator in requests ? requests[Symbol.asyncIterator]() : requests[Symbol.iterator]();
  const first = await iterator.next();
  if (first.done !== true) return first.value;
  throw new ProxyError(Code.InvalidArgument, 'criproxy: the call has no request message');
}

function logMessage(
  log: Logger,
  plan: MethodPlan,
  side: 'request' | 'response',
  bytes: Buffer,
  options: CallOptions,
): void {
  const { method, client } = plan;
  const about = { call: options.watched, method: method.name };
  log.info(method.level, `${method.name} ${side} (${client})`, dump(method[side], client, bytes), about);
}
