import type { Message } from '../../support/cri-types.ts';
import type { PodModel } from './pod-model.ts';

/** What a thing was at a moment; undefined: it was not there. */
export type Form = Readonly<Record<string, unknown>> | undefined;
export type Kind = 'pods' | 'containers' | 'images';

interface Life {
  readonly kind: Kind;
  readonly forms: { readonly at: number; readonly form: Form }[];
  /** Forms that a list may still show, since nobody told the proxy of what came after. */
  readonly doubtful: Set<Form>;
}

/** The lives of all things of a runtime, in the client's ids. Time is counted in steps. */
export class History {
  private readonly model: PodModel;
  private readonly prefix: string;
  private readonly lives = new Map<string, Life>();

  constructor(model: PodModel, prefix: string) {
    this.model = model;
    this.prefix = prefix;
  }

  /** Notes what has changed in the model since the last time; `told`: the proxy knows, from the call that did it. */
  observe(at: number, told: boolean): void {
    for (const kind of ['pods', 'containers', 'images'] as const) {
      const now = this.model.state[kind];
      for (const [id, item] of now) this.note(kind, this.nameOf(kind, id), at, this.formOf(item), told);
      for (const [name, life] of this.lives) {
        if (life.kind === kind && !now.has(this.ownName(kind, name))) this.note(kind, name, at, undefined, told);
      }
    }
  }

  /** The proxy has had the whole list from the runtime itself. */
  settle(kind: Kind): void {
    for (const life of this.lives.values()) if (life.kind === kind) life.doubtful.clear();
  }

  /** What each thing of a kind may be shown as by a list from `from` to `to`. */
  *possible(kind: Kind, from: number, to: number): Generator<[id: string, forms: Form[]]> {
    for (const [id, { kind: own, forms, doubtful }] of this.lives) {
      if (own !== kind) continue;
      const before = forms.findLast(each => each.at <= from)?.form;
      const meanwhile = forms.filter(each => each.at > from && each.at <= to).map(each => each.form);
      yield [id, [before, ...meanwhile, ...doubtful]];
    }
  }

  private note(kind: Kind, name: string, at: number, item: Form, told: boolean): void {
    let life = this.lives.get(name);
    if (life === undefined) {
      life = { kind, forms: [], doubtful: new Set() };
      this.lives.set(name, life);
    }
    const last = life.forms.at(-1)?.form;
    if (JSON.stringify(last) === JSON.stringify(item)) return;
    if (!told) life.doubtful.add(last);
    life.forms.push({ at, form: item });
  }

  private formOf(item: Message): Form {
    const pod = item['pod_sandbox_id'];
    return pod === undefined ? { ...item } : { ...item, pod_sandbox_id: this.prefix + pod };
  }

  private nameOf(kind: Kind, id: string): string {
    return kind === 'images' ? id : this.prefix + id;
  }

  private ownName(kind: Kind, name: string): string {
    return kind === 'images' ? name : name.slice(this.prefix.length);
  }
}
