import { KUBELET_UNIT, type Kubelet } from './kubelet.ts';
import { knownRuntimes, type Primary } from './primary.ts';
import { quoteWord } from './words.ts';

/** Where the daemon's unit reads its runtimes from, before /etc/default/criproxy. */
export const RUNTIMES_FILE = '/etc/criproxy/runtimes.env';
export const DOCKERSHIM_UNIT_FILE = '/etc/systemd/system/dockershim.service';
export const SERVICE_DROP_IN = '/etc/systemd/system/criproxy.service.d/10-primary.conf';

/** The daemon's configuration, where the set-up was given one, and what makes its unit read that and nothing else. */
export const CONFIG_FILE = '/etc/criproxy/config.yaml';
export const CONFIG_DROP_IN = '/etc/systemd/system/criproxy.service.d/20-config.conf';

/** How every file of the set-up's own begins. */
export const WRITTEN = '# Written by "criproxy setup apply"';
const HEAD = `${WRITTEN}.`;

/** Of a unit that needed something before. */
export const EMPTY_DROP_IN = `${HEAD}\n`;

/** The value of `-connect`. */
export function formatConnect(primary: Primary, other: string): string {
  return [
    primary.socket,
    ...other
      .split(',')
      .map(one => one.trim())
      .filter(one => one !== ''),
  ].join(',');
}

export function renderRuntimes(connect: string): string {
  return `${HEAD} To change it by hand, set CRIPROXY_CONNECT in /etc/default/criproxy.\nCRIPROXY_CONNECT=${connect}\n`;
}

/** The value of `-connect` in the text of RUNTIMES_FILE; undefined if there is none. */
export function readConnect(text: string | undefined): string | undefined {
  return /^CRIPROXY_CONNECT=(.*)$/m.exec(text ?? '')?.[1];
}

/** The needs of the daemon's unit on one node. */
export interface ServiceNeeds {
  /** The primary runtime's service, where it is a known one, and whether the node runs it. */
  readonly unit: string | undefined;
  readonly isRun: boolean;
  /** Lines of [Service] that let the daemon reach its sockets. */
  readonly reach: readonly string[];
}

/**
 * Starts the primary runtime before criproxy, if the node runs it at all; never Requires: a runtime may go and come. Undefined
 * where the unit needs nothing.
 */
export function renderServiceDropIn({ unit, isRun, reach }: ServiceNeeds): string | undefined {
  const order = unit === undefined ? [] : ['[Unit]', ...(isRun ? [`Wants=${unit}`] : []), `After=${unit}`];
  const service = reach.length === 0 ? [] : ['[Service]', ...reach];
  const lines = [...order, ...service];
  return lines.length === 0 ? undefined : `${[HEAD, ...lines].join('\n')}\n`;
}

/** The daemon takes its runtimes from CONFIG_FILE, so that a reload can change them. */
export function renderConfigDropIn(program: string, listen: string): string {
  const command = `${program} -config ${CONFIG_FILE} -listen ${listen} $CRIPROXY_ARGS`;
  return `${HEAD}\n[Service]\nExecStart=\nExecStart=${command}\n`;
}

const dropped =
  /^--?(container-runtime|container-runtime-endpoint|image-service-endpoint|experimental-dockershim|port)$/;

/** The kubelet's arguments without the arguments that name its runtime, of one word or two. */
function listOwnArguments(kubelet: Kubelet): string[] {
  const words = kubelet.args.map(({ text }) => text);
  return words.filter((word, index) => {
    const before = words[index - 1] ?? '';
    return !dropped.test(word.replace(/=.*$/s, '')) && !(dropped.test(before) && !word.startsWith('-'));
  });
}

/**
 * A service that runs the kubelet's dockershim alone (Kubernetes up to 1.18), with the arguments of the kubelet itself, above all the
 * arguments of its network plugin.
 */
export function renderDockershim(kubelet: Kubelet): string {
  const flags = [
    '--experimental-dockershim',
    '--port=11250',
    `--container-runtime-endpoint=unix:///var${knownRuntimes.dockershim.socket}`,
  ];
  return [
    `${HEAD} The kubelet of ${kubelet.unit.files[0]}, as dockershim only.`,
    '[Unit]',
    'Description=dockershim, the CRI of Docker, for criproxy',
    'After=docker.service network-online.target',
    'Wants=docker.service network-online.target',
    `Before=criproxy.service ${KUBELET_UNIT}`,
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    ...kubelet.unit.environmentLines,
    `ExecStart=${[...listOwnArguments(kubelet), ...flags].map(quoteWord).join(' ')}`,
    'Restart=always',
    'RestartSec=2',
    '',
    '',
  ].join('\n');
}
