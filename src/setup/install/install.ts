import { join } from 'node:path';
import { type Applied, type ApplyOptions, applyLocked } from '../apply.ts';
import { SERVICE, SOCKET } from '../daemon.ts';
import type { Host } from '../host.ts';
import { ownPlaces, PREVIOUS_PROGRAM } from '../places.ts';
import { Rollback } from '../rollback.ts';
import { failed, SetupError } from '../setup-error.ts';
import { assertOwnPlaces } from './own-places.ts';
import { DEFAULT_SETTINGS, links, type PayloadFile, payload, SETTINGS } from './payload.ts';

/** `from`: the folder with the files of a release. */
export interface InstallOptions extends Omit<ApplyOptions, 'restart' | 'fallBack' | 'areAnswers'> {
  readonly from: string;
}

const FALL_BACK = join(ownPlaces.kept, PREVIOUS_PROGRAM);

function assertComplete(host: Host, from: string): void {
  const missing = payload.filter(({ name }) => !host.files.exists(join(from, name))).map(({ name }) => name);
  if (missing.length > 0)
    throw failed(
      from,
      `it lacks ${missing.join(', ')}`,
      'give --from the folder that the release’s tar.gz was unpacked to',
    );
}

/** The files of the release that are not in place yet. */
function listNew(host: Host, from: string): PayloadFile[] {
  return payload.filter(({ name, path }) => !host.files.isCopy(join(from, name), path));
}

/**
 * Keeps the program that serves now, and its unit, to go back to. One that is kept already stays: an installation that was cut
 * off has left it, and has perhaps put a program in place that never served.
 */
function keepPrevious(host: Host): void {
  if (host.files.exists(ownPlaces.program) && !host.files.exists(FALL_BACK)) host.keepProgram();
}

function forgetKept(host: Host): void {
  for (const name of host.files.list(ownPlaces.kept)) host.files.remove(join(ownPlaces.kept, name));
}

/** Puts files in place. The program and its unit are taken back by what is kept of them, where there is something. */
function place(host: Host, from: string, files: readonly PayloadFile[], rollback: Rollback): void {
  const hasPrevious = host.files.exists(FALL_BACK);
  for (const { name, path, mode } of files) {
    const isKept = hasPrevious && (path === ownPlaces.program || path === ownPlaces.unit);
    if (isKept) host.files.copy(join(from, name), path, mode);
    else rollback.copy(join(from, name), path, mode);
  }
}

/** Links for people; returns those that could not be made. A file of somebody else stays. */
function makeLinks(host: Host, rollback: Rollback): string[] {
  return Object.entries(links).flatMap(([path, target]) => {
    if (host.files.exists(path)) return host.files.readLink(path) === target ? [] : [path];
    try {
      host.files.link(target, path);
      rollback.push(() => host.files.remove(path));
      return [];
    } catch (fault) {
      if (!(fault instanceof SetupError)) throw fault;
      return [path];
    }
  });
}

async function enable(host: Host, rollback: Rollback): Promise<void> {
  rollback.push(() => host.systemctl('disable', SOCKET, SERVICE));
  await host.systemctl('enable', SOCKET, SERVICE);
}

/** A program of before that an apply did not go back to itself, since it failed before it got there. */
function restorePrevious(host: Host): void {
  if (host.files.exists(FALL_BACK)) host.restoreProgram(FALL_BACK);
  forgetKept(host);
}

async function carryOut(host: Host, options: InstallOptions, rollback: Rollback): Promise<Applied> {
  const { files } = host;
  const isFirst = !files.exists(ownPlaces.program);
  const isCutOff = files.exists(FALL_BACK);
  const changed = listNew(host, options.from);
  const reload = () => (host.noServices === undefined ? host.systemctl('daemon-reload') : Promise.resolve());
  if (changed.length > 0 || isCutOff) {
    rollback.push(reload);
    keepPrevious(host);
    rollback.push(() => restorePrevious(host));
  }
  const isProgram = ({ path }: PayloadFile) => path === ownPlaces.program;
  place(
    host,
    options.from,
    changed.filter(file => !isProgram(file)),
    rollback,
  );
  if (!files.exists(SETTINGS)) rollback.copy(DEFAULT_SETTINGS, SETTINGS, 0o644);
  const unlinked = makeLinks(host, rollback);
  // Before the kubelet is led to the socket: if this program is killed, the next boot has a daemon. And before the program is
  // there, by which the next try knows that this was done.
  if (isFirst) await enable(host, rollback);
  place(host, options.from, changed.filter(isProgram), rollback);
  if (changed.length > 0) await reload();
  const restart = !isFirst && (changed.length > 0 || isCutOff);
  const fallBack = files.exists(FALL_BACK) ? FALL_BACK : undefined;
  const { done, left } = await applyLocked(host, { ...options, areAnswers: false, restart, fallBack });
  const placed = changed.map(({ path }) => `${path}: put in place`);
  const notes = changed.length === 0 ? [] : unlinked.map(path => `${path}: not made, a link for people`);
  return { done: [...placed, ...notes, ...done], left };
}

/**
 * Puts the files of a release in place, enables the units and puts the node on criproxy, as the packages do. An
 * earlier release that is in place serves until the new one does. Throws a SetupError with the node as it was.
 */
export async function installSetup(host: Host, options: InstallOptions): Promise<Applied> {
  const unlock = await host.lock();
  const rollback = new Rollback(host);
  try {
    assertOwnPlaces(host);
    assertComplete(host, options.from);
    const applied = await carryOut(host, options, rollback);
    rollback.commit();
    forgetKept(host);
    return applied;
  } catch (fault) {
    throw await rollback.run(fault);
  } finally {
    unlock();
  }
}
