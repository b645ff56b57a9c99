import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { imageOfStatus } from '../../cri/read/image-answers.ts';
import { namespaceAsked } from '../../cri/read/ownership.ts';
import { readAll, readOwn } from '../../cri/read/read.ts';
import type { Endpoint } from '../../cri/translate/method-spec.ts';
import { replaceIds } from '../../cri/translate/replace-ids.ts';
import type { AccessRules } from './access-rules.ts';
import type { OwnNamespace, OwnPods } from './own-pods.ts';

/**
 * The request with all ids of pods and containers in full. Rejects with NotFound for an id that does not exist for the client, and
 * with PermissionDenied for a pod that is to be in another namespace, and for a change of the whole node.
 */
export async function ownRequest(
  { method, client }: Endpoint,
  { socket }: AccessRules,
  request: Buffer,
  pods: OwnPods,
  isOwn: OwnNamespace,
): Promise<Buffer> {
  const { name, route } = method;
  if (route === 'all') throw denied(`${name} changes the whole node, and ${socket} is for some namespaces`);
  const namespace = namespaceAsked(name, request);
  if (namespace !== undefined && !isOwn(namespace)) {
    throw denied(`${socket} is not for pods of the namespace "${namespace}"`);
  }
  if (name === 'RemoveImage') await findImage(client, socket, request, pods);
  return route === 'byPod' || route === 'byContainer' || route === 'byPodConfig'
    ? fullIds({ method, client }, socket, request, pods)
    : request;
}

async function fullIds({ method }: Endpoint, socket: string, request: Buffer, pods: OwnPods): Promise<Buffer> {
  const full = new Map<string, string>();
  for (const kind of ['pod', 'container'] as const) {
    const named = readAll(method.request, kind, request).filter(id => id !== '');
    // Without an id, or with an empty one, a runtime would choose.
    if (method.route === (kind === 'pod' ? 'byPod' : 'byContainer')) named.push(readOwn(method.request, kind, request));
    for (const id of new Set(named)) {
      const found = await pods.resolve({ kind, id });
      if (found === undefined) throw notFound(`no ${kind} "${id}" on ${socket}`);
      if (found !== id) full.set(id, found);
    }
  }
  return full.size === 0 ? request : replaceIds(method, request, full);
}

/** An ImageStatusRequest has the ImageSpec where a RemoveImageRequest has it. */
async function findImage(client: string, socket: string, request: Buffer, pods: OwnPods): Promise<void> {
  const image = imageOfStatus(await pods.ask(`/${client}.ImageService/ImageStatus`, request));
  const isUsed = await pods.images();
  if (image === undefined || !isUsed(image)) throw notFound(`no such image on ${socket}`);
}

function denied(text: string): ProxyError {
  return new ProxyError(Code.PermissionDenied, `criproxy: ${text}`);
}

function notFound(text: string): ProxyError {
  return new ProxyError(Code.NotFound, `criproxy: ${text}`);
}
