import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { HALFWAY, LEFT_ALONE } from '../setup/exit-status.ts';
import { CONFIG_DROP_IN, CONFIG_FILE, RUNTIMES_FILE } from '../setup/services.ts';
import type { NodeAccess, Ran } from './node/access.ts';
import { lookAtNode, type NodeLook } from './node/look.ts';
import * as release from './node/release.ts';
import { type Ports, quote, StepError } from './ports.ts';
import { findUnready, readBefore, tellOfNode, verify } from './verify.ts';

/** On the node: the configuration that is wanted, to be checked before anything, and the one before. */
const WANTED_CONFIG = `${release.HOME}/config.yaml`;
const OLD_CONFIG = `${release.HOME}/config.previous.yaml`;

/** For a node that had no configuration file before. */
const RESTART = 'systemctl daemon-reload && "$0" setup apply --restart';

/** A change of the node, and what takes it back; undefined where nothing needs to, or can. */
interface Change {
  readonly step: string;
  run(): Promise<Ran>;
  readonly back: (() => Promise<Ran>) | undefined;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Reads files of the node, and returns the function that puts them back as they were. */
function keepFiles(node: NodeAccess, paths: readonly string[]): () => void {
  const kept = paths.map(path => [node.path(path), readText(node.path(path))] as const);
  return () => {
    for (const [path, text] of kept) {
      if (text === undefined) rmSync(path, { force: true });
      else writeFileSync(path, text);
    }
  };
}

/** `setup apply` with a configuration; without one as the node has it. `isFirst`: taking the release away takes this back too. */
function applyChange({ node }: Ports, config: string | undefined, program: string, isFirst: boolean): Change {
  const old = readText(node.path(CONFIG_FILE));
  release.makeHome(node);
  if (old !== undefined) writeFileSync(node.path(OLD_CONFIG), old);
  const apply = (...options: readonly string[]) => node.change(program, 'setup', 'apply', ...options);
  const putBack = keepFiles(node, [CONFIG_FILE, CONFIG_DROP_IN, RUNTIMES_FILE]);
  const forget = () => {
    putBack();
    return node.change('sh', '-c', RESTART, program);
  };
  const back = isFirst ? undefined : old === undefined ? forget : () => apply('--config', OLD_CONFIG);
  return { step: 'apply', run: () => apply(...(config === undefined ? [] : ['--config', WANTED_CONFIG])), back };
}

function installChange({ node, tell }: Ports, way: release.Way, isFirst: boolean): Change {
  const canGoBack = isFirst || release.hasGood(node);
  if (!canGoBack) tell('look', 'this release was not installed by this program, which could not go back to it');
  const back = () => (isFirst ? release.removeRelease(node, way, false) : release.installGood(node, way));
  return { step: 'install', run: () => release.installNew(node, way), back: canGoBack ? back : undefined };
}

/** Looks whether this node can be changed at all. Throws a StepError with nothing changed. */
async function assertFit(ports: Ports, { status }: NodeLook): Promise<void> {
  const refuse = (why: string) => new StepError('look', 'untouched', why);
  const { strange, kubelet } = status;
  if (strange !== undefined) throw refuse(`${strange.where}: ${strange.saw}; to do: ${strange.remedy}`);
  if (kubelet === undefined) throw refuse('no kubelet was found on this node');
  const unready = await findUnready(ports, 0);
  if (unready !== undefined) throw refuse(unready);
}

async function checkConfig({ node, tell }: Ports, program: string, config: string | undefined): Promise<void> {
  if (config === undefined) return;
  release.makeHome(node);
  writeFileSync(node.path(WANTED_CONFIG), config);
  const { status, said } = await node.look(program, 'config', 'check', WANTED_CONFIG);
  if (status !== 0) throw new StepError('check', 'untouched', quote(said));
  tell('check', 'the configuration can be used');
}

/** Takes back changes, the last first. Throws a StepError for the fault. */
async function takeBack({ tell }: Ports, done: readonly Change[], step: string, fault: string): Promise<never> {
  tell(step, `failed: ${fault}`);
  for (const change of [...done].reverse()) {
    if (change.back === undefined) continue;
    const { status, said } = await change.back();
    if (status !== 0) throw new StepError(step, 'halfway', `${fault}; and going back failed: ${quote(said)}`);
    tell(change.step, 'taken back');
  }
  const isStuck = done.some(({ step: each, back }) => each === 'install' && back === undefined);
  if (isStuck) throw new StepError(step, 'halfway', `${fault}; and the release of before is not known here`);
  throw new StepError(step, 'back', fault);
}

async function carryOut(ports: Ports, changes: readonly Change[], way: release.Way): Promise<readonly Change[]> {
  const done: Change[] = [];
  for (const change of changes) {
    const { status, said } = await change.run();
    if (status === HALFWAY) throw new StepError(change.step, 'halfway', quote(said));
    if (status !== 0) {
      // The set-up has put back everything itself; dpkg keeps the package, not configured.
      const isLeft = change.back !== undefined && change.step === 'install' && (way !== '' || status === LEFT_ALONE);
      await takeBack(ports, isLeft ? [...done, change] : done, change.step, quote(said));
    }
    ports.tell(change.step, quote(said) || 'done');
    done.push(change);
  }
  return done;
}

/** The changes that put the release of the image and the configuration in force. */
function plan(ports: Ports, way: release.Way, program: string, config: string | undefined, look: NodeLook): Change[] {
  const isFirst = release.findInstalled(ports.node) === undefined;
  const isNew = isFirst || !release.isCurrent(ports.node, way, ports.image);
  const hasConfig = config === undefined || readText(ports.node.path(CONFIG_FILE)) === config;
  return [
    ...(isNew ? [installChange(ports, way, isFirst)] : []),
    ...(!hasConfig || !look.isOn ? [applyChange(ports, config, program, isFirst)] : []),
  ];
}

/** The node as it is, and the program to ask there: the installed one, or that of the image, which is brought. */
interface Looked {
  readonly way: release.Way;
  readonly program: string;
  readonly look: NodeLook;
}

/** Steps look and check. Rejects with a StepError where the node cannot be put on. */
async function lookAndCheck(ports: Ports, config: string | undefined): Promise<Looked> {
  const { node, image, tell } = ports;
  const way = release.chooseWay(node);
  const isThere = release.findInstalled(node) !== undefined && release.isCurrent(node, way, image);
  const program = isThere ? release.programOf(way) : release.bringRelease(node, way, image);
  const look = await lookAtNode(node, program);
  const { kubelet, running } = look.status;
  const found = `kubelet ${kubelet?.version ?? 'not found'}, ${kubelet?.unit ?? ''}`;
  tell('look', `${found}: ${running?.does ?? 'it does not run'}`);
  await assertFit(ports, look);
  await checkConfig(ports, program, config);
  return { way, program, look };
}

/** Looks whether the node could be put on, and changes nothing of it. Resolves with words; rejects with a StepError. */
export async function lookOnly(ports: Ports, config: string | undefined): Promise<string> {
  const { way, look } = await lookAndCheck(ports, config);
  if (release.findInstalled(ports.node) === undefined) release.forgetAll(ports.node);
  const how = way === '' ? 'without dpkg' : `as the package ${way}`;
  return look.isOn ? 'the kubelet uses criproxy' : `the node can be put on criproxy, ${how}`;
}

/**
 * Puts the node on criproxy of the image's release with a configuration: look, check, install, apply, verify. Resolves with
 * what is in force, in words; rejects with a StepError.
 */
export async function putOn(ports: Ports, config: string | undefined): Promise<string> {
  const { node, tell } = ports;
  const { way, program, look } = await lookAndCheck(ports, config);
  const changes = plan(ports, way, release.programOf(way), config, look);
  const before = await readBefore(ports, program, look);
  const done = await carryOut(ports, changes, way);
  const fault = await verify(ports, release.programOf(way), before, true);
  if (fault !== undefined && done.length === 0) throw new StepError('verify', 'untouched', fault);
  if (fault !== undefined) await takeBack(ports, done, 'verify', fault);
  release.keepAsGood(node, way);
  tell('verify', 'the kubelet uses criproxy, the node is Ready, no container was restarted');
  await tellOfNode(ports, release.programOf(way)).catch(() => undefined); // it has answered a moment ago
  return changes.length === 0 ? 'nothing to change' : changes.map(({ step }) => step).join(', ');
}
