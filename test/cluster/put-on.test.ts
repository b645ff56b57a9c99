import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'tap';
import type { StepError } from '../../src/cluster/ports.ts';
import { putOn } from '../../src/cluster/put-on.ts';
import { ownPlaces } from '../../src/setup/places.ts';
import { CONFIG_DROP_IN, CONFIG_FILE, RUNTIMES_FILE } from '../../src/setup/services.ts';

const done = { status: 0, stdout: '', said: '' };

const runtimes = 'CRIPROXY_CONNECT=/run/a.sock,virtlet:/run/v.sock\n';

test('a first configuration that the node is not well with is taken back, with the runtimes of before', async t => {
  const root = mkdtempSync(join(tmpdir(), 'criproxy-put-on-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const path = (inside: string) => join(root, inside);
  const write = (inside: string, text: string) => {
    mkdirSync(dirname(path(inside)), { recursive: true });
    writeFileSync(path(inside), text);
  };
  for (const program of [ownPlaces.program, '/image/criproxy']) write(program, 'the same');
  write(RUNTIMES_FILE, runtimes);
  const changes: string[] = [];
  const running = { usesCriproxy: 'yes', pid: 200, does: 'it is connected to x' };
  const status = { running, kubelet: { version: '1.31', unit: 'kubelet.service' }, edits: [] };
  const answers: Readonly<Record<string, object>> = { setup: status, doctor: { findings: [] }, config: {} };
  const ready = () => ({
    type: 'Ready',
    status: changes.length === 0 ? 'True' : 'False',
    lastHeartbeatTime: '2100-01-01T00:00:00Z',
  });
  const ports = {
    node: {
      path,
      look: async (_: string, group?: string) => ({ ...done, stdout: JSON.stringify(answers[group!]) }),
      change: async (...words: readonly string[]) => {
        changes.push(words.join(' '));
        if (!words.includes('--config')) return done;
        for (const file of [CONFIG_FILE, CONFIG_DROP_IN, RUNTIMES_FILE]) write(file, 'of the configuration');
        return done;
      },
    },
    ask: async () => ({ metadata: {}, status: { conditions: [ready()] } }),
    name: 'node-1',
    image: { payload: path('/image'), packages: '' },
    tell: () => {},
    sleep: async () => {},
    patience: 0,
    settle: 0,
  };
  const fault = await putOn(ports, 'runtimes: []\n').catch((error: StepError) => error);
  t.match(fault, { step: 'verify', node: 'back' });
  t.equal(readFileSync(path(RUNTIMES_FILE), 'utf8'), runtimes);
  t.notOk(existsSync(path(CONFIG_FILE)) || existsSync(path(CONFIG_DROP_IN)));
  t.match(changes, [/setup apply --config/, /daemon-reload.*setup apply --restart/]);
});
