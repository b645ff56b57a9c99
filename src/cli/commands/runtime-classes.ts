import { markOf, UP } from '../../cluster/node-marks.ts';
import { configOf } from '../../config/config.ts';
import { loadOptions } from '../../config/load-options.ts';
import type { Invocation } from '../grammar/command-row.ts';

/** A handler of a RuntimeClass (node.k8s.io/v1): a DNS label. */
const HANDLER = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** RuntimeClass objects in YAML, one for each handler of a configuration file; rejects with a UsageError. */
export async function renderRuntimeClasses(file: string): Promise<string> {
  const { runtimes } = configOf(await loadOptions(new Map([['config', file]])));
  const handlers = runtimes.flatMap(({ id, handlers: names }) => Object.keys(names ?? {}).map(name => ({ id, name })));
  const documents = handlers
    .filter(({ name }) => HANDLER.test(name))
    .map(({ id, name }) =>
      [
        'apiVersion: node.k8s.io/v1',
        'kind: RuntimeClass',
        'metadata:',
        `  name: ${name}`,
        `handler: ${name}`,
        '# Pods run only on nodes where the runtime is up: criproxy-installer labels the nodes.',
        'scheduling:',
        '  nodeSelector:',
        `    ${markOf(id)}: ${UP}`,
        '',
      ].join('\n'),
    );
  return documents.join('---\n');
}

/** `criproxy config runtime-classes FILE`. */
export async function runRuntimeClasses({ positionals }: Invocation): Promise<number> {
  process.stdout.write(await renderRuntimeClasses(positionals[0]!));
  return 0;
}
