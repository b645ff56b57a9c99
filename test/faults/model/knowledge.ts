import { isDeepStrictEqual } from 'node:util';
import type { Message } from '../../support/cri-types.ts';
import { passes } from '../../support/fakes/pod-model.ts';
import type { Engine } from './engine.ts';
import { type Form, type Kind, kinds, Lives } from './lives.ts';
import type { Answer, Config, Party } from './proxy-lab.ts';

/** A filter of a list, in an engine's own ids; `engine`: the engine that the ids belong to. */
export interface Filter {
  readonly own: Message;
  readonly engine?: Engine;
}

/**
 * A proxy's knowledge of an engine: `never`, it has never been up here; `known`, its lists; `lost`, it was up once, and no list
 * that can be read.
 */
type Known = 'never' | 'known' | 'lost';

const UNAVAILABLE = 14;
const DEADLINE_EXCEEDED = 4;

/** The possible knowledge of a proxy about its runtimes, and so the answers that it may give: docs/snapshots.md. */
export class Knowledge {
  config: Config;
  readonly of = new Map<Engine, Known>();
  private readonly lives: ReadonlyMap<Engine, Lives>;
  /** Possible prefixes of ids that may differ from the engine's id of today. */
  private readonly kept = new Map<Engine, Map<string, ReadonlySet<string>>>();
  private readonly lastPrefixes = new Map<Engine, string>();

  constructor(engines: readonly Engine[], config: Config) {
    this.config = config;
    this.lives = new Map(engines.map(engine => [engine, new Lives(engine.state)]));
    for (const engine of engines) this.of.set(engine, 'never');
  }

  livesOf(engine: Engine): Lives {
    return this.lives.get(engine)!;
  }

  /** The engines in the configuration. */
  get engines(): Engine[] {
    return this.config.parties.map(({ engine }) => engine);
  }

  /** Whether a proxy can know that the engine has the thing. */
  isKnown(engine: Engine, kind: Kind, id: string): boolean {
    return this.of.get(engine) === 'known' && this.livesOf(engine).isKnown(kind, id);
  }

  /** Whether the engine has been here, does not answer, and its lists are lost. */
  isLost(engine: Engine): boolean {
    return this.of.get(engine) === 'lost' && !engine.isUp;
  }

  partyOf(engine: Engine): Party {
    return this.config.parties.find(party => party.engine === engine)!;
  }

  /** The engine of a new pod that names no runtime. */
  get placement(): Engine {
    const { placement } = this.config;
    return placement !== undefined && this.engines.includes(placement) ? placement : this.primary;
  }

  get primary(): Engine {
    return this.config.parties[0].engine;
  }

  /** Changes that no call of the proxy's client has made. */
  observe(): void {
    for (const lives of this.lives.values()) lives.observe(false);
  }

  /** The proxy has just connected to the engine, and asked it for its lists. */
  meet(engine: Engine): void {
    this.of.set(engine, 'known');
    for (const kind of kinds) this.livesOf(engine).settle(kind);
  }

  /** The ids by which a client may know the engine's `id`: several if the proxy may or may not have known it at a change of ids. */
  shownAs(engine: Engine, id: string): string[] {
    if (this.config.ids === 'raw') return [id];
    return this.keptPrefixes(engine, id).map(prefix => prefix + id);
  }

  /** The prefixes of the id, whatever the form of ids. */
  keptPrefixes(engine: Engine, id: string): string[] {
    return [...(this.kept.get(engine)?.get(id) ?? [prefixOf(this.partyOf(engine))])];
  }

  /** The configuration changes: a pod or container that the proxy knows keeps its id. `restarts`: the proxy reads its files. */
  turn(next: Config, restarts: boolean): void {
    for (const party of this.config.parties) this.lastPrefixes.set(party.engine, prefixOf(party));
    for (const party of next.parties) {
      const before = this.lastPrefixes.get(party.engine);
      if (before !== undefined) this.keep(party.engine, before, prefixOf(party), restarts);
    }
    this.config = next;
  }

  private keep(engine: Engine, before: string, after: string, restarts: boolean): void {
    const known = this.kept.get(engine) ?? new Map<string, ReadonlySet<string>>();
    const isSame = !restarts && this.engines.includes(engine) && before === after;
    for (const kind of ['pods', 'containers'] as const) {
      for (const id of this.livesOf(engine).possible(kind, true).keys()) {
        const prefixes = new Set(known.get(id) ?? [before]);
        if (!isSame && !this.isKnown(engine, kind, id)) prefixes.add(after);
        if (prefixes.size === 1 && prefixes.has(after)) known.delete(id);
        else known.set(id, prefixes);
      }
    }
    this.kept.set(engine, known);
  }

  /** The engines that a list with this filter is for. */
  asked({ engine }: Filter): Engine[] {
    return this.engines.filter(each => engine === undefined || each === engine);
  }

  /** The items that a list may have now. `live`: the engines that must answer themselves. */
  expected(kind: Kind, filter: Filter, live: ReadonlySet<Engine>): Expected[] {
    return this.asked(filter).flatMap(engine => this.formsOf(kind, engine, filter, live.has(engine)));
  }

  /** The fault of the answer to a list; undefined: none. `before`: the items that it may have had when it was asked for. */
  faultOfList(
    kind: Kind,
    filter: Filter,
    answer: Answer,
    live: ReadonlySet<Engine>,
    before?: readonly Expected[],
  ): string | undefined {
    const asked = this.asked(filter);
    const silent = asked.filter(engine => !live.has(engine));
    const lost = silent.filter(engine => this.of.get(engine) === 'lost');
    const isPrimaryUnknown = silent.includes(this.primary) && this.of.get(this.primary) !== 'known';
    if (answer.code !== 0) {
      const isTold = answer.code === UNAVAILABLE && (lost.length > 0 || isPrimaryUnknown);
      const hasWaited = answer.code === DEADLINE_EXCEEDED && isPrimaryUnknown;
      return isTold || hasWaited ? undefined : `fails with ${answer.code}: ${answer.text}`;
    }
    if (lost.length > 0) return `is given though nothing is known of ${lost.map(({ name }) => name)}`;
    if (isPrimaryUnknown) return 'is given though nothing is known of the primary';
    return faultOfItems(merge(this.expected(kind, filter, live), before), answer.message);
  }

  private formsOf(kind: Kind, engine: Engine, { own }: Filter, isLive: boolean): Expected[] {
    if (!isLive && this.of.get(engine) === 'never') return [];
    const all = [...this.livesOf(engine).possible(kind, isLive)];
    return all.flatMap(([id, forms]) => {
      const ids = kind === 'images' ? [id] : this.shownAs(engine, id);
      const shownForms = forms.flatMap(form =>
        form !== undefined && passes(form, own) ? this.shownForms(engine, form) : [undefined],
      );
      return ids.map(shown => ({ shown, forms: ids.length > 1 ? [...shownForms, undefined] : shownForms }));
    });
  }

  private shownForms(engine: Engine, form: Message): Message[] {
    const pod = form['pod_sandbox_id'];
    return pod === undefined ? [form] : this.shownAs(engine, pod).map(shown => ({ ...form, pod_sandbox_id: shown }));
  }
}

function prefixOf({ id }: Party): string {
  return id === '' ? '' : `${id}__`;
}

/** Adds the state before: a thing that was not there then may be missing. */
function merge(now: readonly Expected[], before: readonly Expected[] | undefined): readonly Expected[] {
  if (before === undefined) return now;
  const old = new Map(before.map(each => [each.shown, each.forms]));
  return now.map(({ shown, forms }) => ({ shown, forms: [...forms, ...(old.get(shown) ?? [undefined])] }));
}

/** The forms in which a thing may be shown; undefined: it may be missing. */
export interface Expected {
  readonly shown: string;
  readonly forms: readonly Form[];
}

/** An item that several engines have is listed once. */
function faultOfItems(expected: readonly Expected[], message: Message): string | undefined {
  const items: Message[] = Object.values(message)[0];
  const found = Map.groupBy(items, item => item['id'] as string);
  for (const [id, several] of Map.groupBy(expected, ({ shown }) => shown)) {
    const shown = found.get(id) ?? [];
    found.delete(id);
    const must = several.some(({ forms }) => forms.every(form => form !== undefined));
    const forms = several.flatMap(each => each.forms).filter(form => form !== undefined);
    const name = id.slice(0, 18);
    if (must && shown.length === 0) return `lacks ${name}`;
    if (shown.length > 1) return `has ${name} ${shown.length} times`;
    if (shown.length === 1 && forms.length === 0) return `has ${name}, which is not there`;
    if (shown.length === 1 && !forms.some(form => isShownAs(form, shown[0]!)))
      return `says of ${name} ${brief(shown[0]!)}, not ${forms.map(brief).join(' or ')}`;
  }
  return found.size === 0 ? undefined : `has what never was: ${[...found.keys()]}`;
}

const compared = ['state', 'pod_sandbox_id', 'metadata', 'labels'] as const;

function isShownAs(form: Message, item: Message): boolean {
  return compared.every(field => {
    const [known, shown] = [form[field], item[field]];
    if (known === undefined) return true;
    if (typeof known !== 'object') return known === shown;
    return Object.keys(known).every(key => isDeepStrictEqual(known[key], shown[key]));
  });
}

function brief(item: Message): string {
  return JSON.stringify(compared.map(field => item[field]));
}
