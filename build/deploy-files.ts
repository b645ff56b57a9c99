import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { readText } from './stage.ts';

const root = resolve(import.meta.dirname, '..');
const folder = join(root, 'deploy', 'components', 'metrics');

/**
 * The files of deploy/ that are made from others, by their paths: Kustomize reads none from outside its folders. A test
 * fails when they are out of date; `node build/deploy-files.ts` makes them again.
 */
export function renderDeployFiles(): Readonly<Record<string, string>> {
  const { groups } = parse(readText(root, 'docs/operate/alerts.yaml')) as { groups: unknown };
  const rule = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'criproxy', namespace: 'criproxy' },
    spec: { groups },
  };
  const head = '# Made from docs/operate/alerts.yaml by build/deploy-files.ts.\n';
  return {
    [join(folder, 'prometheus-rule.yaml')]: head + stringify(rule, { lineWidth: 0 }),
    [join(folder, 'dashboard.json')]: readText(root, 'docs/operate/dashboard.json'),
  };
}

if (import.meta.main) for (const [path, text] of Object.entries(renderDeployFiles())) writeFileSync(path, text);
