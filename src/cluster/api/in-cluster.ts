import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';

/** Where Kubernetes puts the service account into each container of a pod. */
const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** How long the API server may take, in ms. */
const PATIENCE = 15_000;

/** The API server refuses, or cannot be asked. `status`: HTTP's; 0 where there was no answer. */
class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'ApiError';
    this.status = status;
  }
}

/** Asks the API server; resolves with the answer's JSON, rejects with an ApiError. `type`: of `body`. */
export type AskApi = (method: string, path: string, body?: unknown, type?: string) => Promise<unknown>;

/** The `message` of a Status (meta/v1), or the answer's text. */
function messageIn(text: string): string {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text;
  } catch {
    return text.trim();
  }
}

/**
 * The API server of the cluster, as a pod has it: KUBERNETES_SERVICE_HOST and _PORT, and the service account's token, which the
 * kubelet replaces from time to time, and is therefore read for each call. Throws an ApiError outside a pod.
 */
export function openApi(env: NodeJS.ProcessEnv = process.env, account = ACCOUNT): AskApi {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  if (host === undefined || port === undefined)
    throw new ApiError(
      0,
      'KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is no pod of a cluster',
    );
  const read = (name: string) => readFileSync(join(account, name), 'utf8').trim();
  return (method, path, body, type = 'application/json') =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const headers = {
        Accept: 'application/json',
        Authorization: `Bearer ${read('token')}`,
        ...(text !== undefined && { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) }),
      };
      const signal = AbortSignal.timeout(PATIENCE);
      const fail = (fault: Error) =>
        reject(new ApiError(0, `the API server ${host}:${port} cannot be asked: ${fault.message}`, fault));
      const asked = request(
        { host, port, method, path, headers, signal, ca: read('ca.crt'), agent: false },
        response => {
          const chunks: Buffer[] = [];
          response.on('error', fail).on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            const answer = Buffer.concat(chunks).toString();
            const status = response.statusCode ?? 0;
            if (status !== 200)
              return reject(new ApiError(status, `${method} ${path}: ${status} ${messageIn(answer)}`));
            resolve(JSON.parse(answer));
          });
        },
      );
      asked.on('error', fail).end(text);
    });
}
