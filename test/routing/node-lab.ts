import { ProxyError } from '../../src/base/error.ts';
import type { HandlerRow } from '../../src/routing/port/handlers.ts';
import type { RoutingSettings } from '../../src/routing/port/routing-settings.ts';
import type { NodeState } from '../../src/routing/state/node-state.ts';
import { criTypes, type Message } from '../support/cri-types.ts';
import { methodFact, type Package } from '../support/facts.ts';
import type { Asked } from '../support/fakes/fake-port.ts';
import { limit } from '../support/virtual-time.ts';
import { type Answers, type FakeRuntime, fakeRuntime, Source } from './fakes.ts';
import { startLab } from './lab.ts';

/** The answer to a method: a message, or a list of them for a stream. Throws a ProxyError to fail. */
export type Answer = (request: Message) => Message | Message[] | Promise<Message>;

/** A fake runtime whose answers and requests are messages. */
export interface MessageRuntime extends Omit<FakeRuntime, 'answers' | 'asked' | 'askedFor'> {
  readonly answers: Record<string, Answer>;
  readonly journal: readonly { method: string; request: Message }[];
  /** Empties the journal. */
  forgetAsked(): void;
  /** The requests of one method. */
  asked(method: string): Message[];
}

/** The routing lab with messages in place of bytes. */
export interface Node {
  /** Runtimes by id; the primary's is empty. */
  readonly runtimes: Readonly<Record<string, MessageRuntime>>;
  readonly state: NodeState;
  readonly warnings: readonly string[];
  call(method: string, request?: Message, pkg?: Package): Promise<Message>;
  /** The code and text that a call fails with. */
  fault(method: string, request?: Message): Promise<{ code: number; message: string }>;
  stream(method: string, request?: Message): Promise<Message[]>;
  stop(): void;
}

export interface NodeOptions {
  readonly handlers?: readonly HandlerRow[];
  /** Ids by further values of the pod annotation. */
  readonly annotations?: ReadonlyMap<string, string>;
  readonly settings?: Partial<RoutingSettings>;
  readonly answers?: Readonly<Record<string, Record<string, Answer>>>;
  readonly packages?: Readonly<Record<string, readonly Package[]>>;
  /** Runtimes that were never up. */
  readonly down?: readonly string[];
}

/** The first id is the primary's, and is empty. */
export function startNode(ids: readonly string[], options: NodeOptions = {}): Node {
  const all = ids.map(id => {
    const answers = options.answers?.[id] ?? {};
    const state = options.down?.includes(id) === true ? 'down' : 'up';
    const packages = options.packages?.[id] ?? ['runtime.v1'];
    return { answers, fake: fakeRuntime(id, { answers: inBytes(answers), packages, state }) };
  });
  const { handlers, annotations, settings } = options;
  const fakes = all.map(({ fake }) => fake) as unknown as [FakeRuntime];
  const limits = { primaryWait: limit(50), listTimeout: limit(200) };
  const lab = startLab(fakes, { level: 0, ...limits, ...settings }, handlers, annotations);
  return {
    runtimes: Object.fromEntries(all.map(({ answers, fake }) => [fake.id, inMessages(fake, answers)])),
    state: lab.node,
    get warnings() {
      return lab.log.filter(({ severity }) => severity === 'warn').map(({ message }) => message);
    },
    call: (method, request = {}, pkg = 'runtime.v1') => lab.call(method, request, { pkg }),
    async fault(method, request = {}) {
      const { code, message } = await lab.fault(method, request);
      return { code, message };
    },
    async stream(method, request = {}) {
      const messages: Message[] = [];
      for await (const bytes of lab.stream(method, request))
        messages.push(criTypes('runtime.v1').decode(methodFact(method).response, bytes, { defaults: true }));
      return messages;
    },
    stop: lab.stop,
  };
}

/** The very same runtime, as routing knows it by its identity. */
function inMessages(fake: FakeRuntime, answers: Record<string, Answer>): MessageRuntime {
  const { asked: calls } = fake;
  const journal = () =>
    calls.map(({ path, method, request }) => ({
      method,
      request: criTypes(packageOf(path)).decode(methodFact(method).request, request),
    }));
  const asked = (wanted: string) => journal().flatMap(({ method, request }) => (method === wanted ? [request] : []));
  return Object.defineProperties(fake as unknown as MessageRuntime, {
    answers: { value: answers },
    asked: { value: asked },
    journal: { get: journal },
    forgetAsked: { value: () => calls.splice(0) },
  });
}

/** Rows are looked up at each call, so that a test can change them. */
function inBytes(answers: Record<string, Answer>): Answers {
  return new Proxy({} as Answers, {
    get(_, method: string) {
      const row = answers[method];
      if (row === undefined) return undefined;
      return methodFact(method).serverStream ? streamAnswer(row) : unaryAnswer(row);
    },
  });
}

function unaryAnswer(row: Answer) {
  return async (request: Buffer, asked: Asked) => (await encoded(row, request, asked))[0]!;
}

function streamAnswer(row: Answer) {
  return (request: Buffer, asked: Asked) => {
    const source = new Source();
    encoded(row, request, asked).then(
      messages => {
        source.push(...messages);
        source.end();
      },
      (fault: unknown) => source.fail(fault),
    );
    return source;
  };
}

async function encoded(row: Answer, request: Buffer, { path, method }: Asked): Promise<Buffer[]> {
  const types = criTypes(packageOf(path));
  const fact = methodFact(method);
  return [await row(types.decode(fact.request, request))].flat().map(each => types.encode(fact.response, each));
}

function packageOf(path: string): Package {
  return /^\/(.*)\.\w+\/\w+$/.exec(path)![1] as Package;
}

/** A failure of a runtime's own. */
export function failure(code: number, message: string): ProxyError {
  return new ProxyError(code, message);
}
