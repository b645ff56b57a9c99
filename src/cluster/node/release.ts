import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { holdsSame } from '../../setup/copies.ts';
import { HALFWAY } from '../../setup/exit-status.ts';
import { findPackage, ownPlaces, packageNames, packagePlaces } from '../../setup/places.ts';
import type { NodeAccess, Ran } from './access.ts';

/** How criproxy is installed: as a Debian package of this name, or by `criproxy setup install` (empty). */
export type Way = 'criproxy' | 'criproxy-nodeps' | '';

/** Where the image has its release. */
export interface ImagePlaces {
  /** The files for `setup install`. */
  readonly payload: string;
  /** The Debian packages, as NAME.deb. */
  readonly packages: string;
}

export const imagePlaces: ImagePlaces = { payload: '/criproxy', packages: '/packages' };

/** On the node: the folder of the installer alone. */
export const HOME = '/opt/criproxy-installer';
/** Below HOME: the release of this image, and the one that was found good last, to go back to. */
const NEW = `${HOME}/new`;
const GOOD = `${HOME}/good`;

function hasFile(node: NodeAccess, path: string): boolean {
  return existsSync(node.path(path));
}

function readText(node: NodeAccess, path: string): string | undefined {
  return hasFile(node, path) ? readFileSync(node.path(path), 'utf8') : undefined;
}

/** How criproxy is installed on the node now; undefined if it is not. */
export function findInstalled(node: NodeAccess): Way | undefined {
  if (hasFile(node, ownPlaces.program)) return '';
  if (!hasFile(node, packagePlaces.program)) return undefined;
  return findPackage(path => readText(node, path), packagePlaces.program, packageNames) ?? 'criproxy-nodeps';
}

/** How it is to be installed: as it is, else as a package where the node has dpkg; `criproxy` where it knows a package kubelet. */
export function chooseWay(node: NodeAccess): Way {
  const installed = findInstalled(node);
  if (installed !== undefined) return installed;
  if (!hasFile(node, '/var/lib/dpkg/status') || !hasFile(node, '/usr/bin/dpkg')) return '';
  const kubelet = findPackage(path => readText(node, path), '/usr/bin/kubelet', ['kubelet']);
  return kubelet === undefined ? 'criproxy-nodeps' : 'criproxy';
}

/** The program that is installed in a way. */
export function programOf(way: Way): string {
  return (way === '' ? ownPlaces : packagePlaces).program;
}

/** Whether the installed program is that of the image. */
export function isCurrent(node: NodeAccess, way: Way, image: ImagePlaces): boolean {
  return holdsSame(join(image.payload, 'criproxy'), node.path(programOf(way)));
}

/** Brings the image's release to the node, and returns the program there. Throws the system's error. */
export function bringRelease(node: NodeAccess, way: Way, image: ImagePlaces): string {
  const to = node.path(NEW);
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  cpSync(image.payload, join(to, 'criproxy'), { recursive: true });
  if (way !== '') copyFileSync(join(image.packages, `${way}.deb`), join(to, `${way}.deb`));
  return `${NEW}/criproxy/criproxy`;
}

/** Makes the folder of the installer. Throws the system's error. */
export function makeHome(node: NodeAccess): void {
  mkdirSync(node.path(HOME), { recursive: true });
}

/** dpkg ends with 2 and these words while another one works, such as a nightly upgrade: for that it is waited. */
const LOCKED = /lock was locked by another process/;
const TRIES = 120;
const PAUSE = 5_000;

async function dpkg(node: NodeAccess, ...args: readonly string[]): Promise<Ran> {
  for (let tries = 1; ; tries++) {
    const ran = await node.change('dpkg', ...args);
    if (ran.status !== 2 || !LOCKED.test(ran.said) || tries === TRIES) return ran;
    await sleep(PAUSE);
  }
}

function install(node: NodeAccess, way: Way, from: string): Promise<Ran> {
  if (way !== '') return dpkg(node, '-i', `${from}/${way}.deb`);
  return node.change(`${from}/criproxy/criproxy`, 'setup', 'install', '--from', `${from}/criproxy`);
}

/** Installs the release that was brought, or upgrades to it. */
export function installNew(node: NodeAccess, way: Way): Promise<Ran> {
  return install(node, way, NEW);
}

/** Whether there is a release to go back to. */
export function hasGood(node: NodeAccess): boolean {
  return hasFile(node, GOOD);
}

/** Goes back to the release that was good. */
export function installGood(node: NodeAccess, way: Way): Promise<Ran> {
  return install(node, way, GOOD);
}

/** The release that was brought is good. Of a package its file alone is kept. */
export function keepAsGood(node: NodeAccess, way: Way): void {
  if (!hasFile(node, NEW)) return;
  if (way !== '') rmSync(node.path(`${NEW}/criproxy`), { recursive: true });
  rmSync(node.path(GOOD), { recursive: true, force: true });
  renameSync(node.path(NEW), node.path(GOOD));
}

/** dpkg's report on a script of a package, which ends as the set-up does; dpkg itself ends with 1 for any of them. */
const SCRIPT = /script (?:subprocess )?returned error exit status (\d+)/g;

/** The exit status of the set-up in a removal by dpkg: of the removal, unless that, or taking it back, has ended half-way. */
function statusOfScripts({ status, said }: Ran): number {
  const found = [...said.matchAll(SCRIPT)].map(match => Number(match[1]));
  return found.includes(HALFWAY) ? HALFWAY : (found[0] ?? status);
}

/**
 * Takes criproxy away; with its settings and its state if told to. Pods on other runtimes keep it from that. The exit status is that
 * of the set-up, also for a package.
 */
export async function removeRelease(node: NodeAccess, way: Way, withSettings: boolean): Promise<Ran> {
  if (way === '') return node.change(ownPlaces.program, 'setup', 'uninstall', ...(withSettings ? ['--purge'] : []));
  const ran = await dpkg(node, withSettings ? '-P' : '-r', way);
  return { ...ran, status: statusOfScripts(ran) };
}

/** Forgets a release that was brought and is not needed. */
export function forgetNew(node: NodeAccess): void {
  rmSync(node.path(NEW), { recursive: true, force: true });
}

/** Leaves nothing of the installer on the node. */
export function forgetAll(node: NodeAccess): void {
  rmSync(node.path(HOME), { recursive: true, force: true });
}
