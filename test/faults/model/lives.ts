import type { Message } from '../../support/cri-types.ts';
import type { PodState } from '../../support/fakes/pod-model.ts';

export type Kind = 'pods' | 'containers' | 'images';
export const kinds = ['pods', 'containers', 'images'] as const;

/** The form of a thing at a moment; undefined: it was not there. */
export type Form = Readonly<Message> | undefined;

/** The time in which news that only a list has brought reach the disk, in ms: docs/snapshots.md. */
const LAZY_WRITE = 1_000;

/** The last form, and forms that a proxy may still believe in, since nothing has told it of later ones. */
interface Life {
  last: Form;
  readonly doubts: Form[];
  /** Doubts that a list has ended; a proxy that is killed now has them again. */
  faded: { readonly at: number; readonly form: Form }[];
}

/** The lives of all things of an engine, by its own ids, and a proxy's knowledge of them. */
export class Lives {
  private readonly state: PodState;
  /** Names of images to be pulled since the last list of images: only the engine knows the result. */
  readonly pulls = new Set<string>();
  private readonly lives: Readonly<Record<Kind, Map<string, Life>>> = {
    pods: new Map(),
    containers: new Map(),
    images: new Map(),
  };

  constructor(state: PodState) {
    this.state = state;
  }

  /** Takes over the changes since the last time; `told`: the proxy knows them from the call that made them. */
  observe(told: boolean): void {
    for (const kind of kinds) {
      const now = this.state[kind];
      const lives = this.lives[kind];
      for (const id of new Set([...now.keys(), ...lives.keys()])) {
        const item = now.get(id);
        const life = lives.get(id) ?? { last: undefined, doubts: [], faded: [] };
        lives.set(id, life);
        if (JSON.stringify(life.last) === JSON.stringify(item)) continue;
        if (!told) life.doubts.push(life.last);
        life.last = item === undefined ? undefined : structuredClone(item);
      }
    }
  }

  /** The proxy has had the whole list from the engine itself. */
  settle(kind: Kind): void {
    const at = Date.now();
    if (kind === 'images') this.pulls.clear();
    for (const life of this.lives[kind].values()) {
      life.faded = life.faded.filter(doubt => at - doubt.at <= LAZY_WRITE);
      life.faded.push(...life.doubts.splice(0).map(form => ({ at, form })));
    }
  }

  /** The proxy has been killed, and another one reads its files. */
  forgetUnwritten(): void {
    for (const kind of kinds) {
      for (const life of this.lives[kind].values()) {
        const back = life.faded.splice(0).filter(({ at }) => Date.now() - at <= LAZY_WRITE);
        life.doubts.push(...back.map(({ form }) => form));
      }
    }
  }

  /** The forms in which each thing may be shown: its own, or, if the engine does not answer, the forms that the proxy may believe in. */
  possible(kind: Kind, isLive: boolean): Map<string, readonly Form[]> {
    const all = [...this.lives[kind]];
    return new Map(all.map(([id, { last, doubts }]) => [id, isLive ? [last] : [last, ...doubts]]));
  }

  /** Whether a proxy can know that the thing is there. */
  isKnown(kind: Kind, id: string): boolean {
    const life = this.lives[kind].get(id);
    return life?.last !== undefined && !life.doubts.includes(undefined);
  }
}
