import { test } from 'tap';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { type IdPathFact, idPaths, methodFact } from '../../support/facts.ts';
import { type Answers, fakeRuntime, Source } from '../fakes.ts';
import { type Lab, startLab } from '../lab.ts';
import { byAnnotation, clientName, pathsOf, put, requestFor, TARGET_RUNTIME } from '../requests.ts';

const types = criTypes('runtime.v1');

/** The runtime's own name of each kind: a URL is a whole one, so that it needs no completing. */
const ownNames: Readonly<Record<IdPathFact['kind'], string>> = {
  pod: 'pod-1',
  container: 'container-1',
  image: 'registry.example:5000/team/web:1',
  handler: 'kata',
  url: 'http://10.0.0.1:3000/exec/token',
};

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

/** A message with a value at each of the paths, twice where the field is repeated. */
function messageWith(paths: readonly IdPathFact[], nameAt: (row: IdPathFact) => string, base: Message = {}): Message {
  const message = structuredClone(base);
  for (const row of paths) {
    put(message, row.segments, nameAt(row));
    if (row.segments.at(-1)!.repeated) put(message, row.segments, nameAt(row));
  }
  return message;
}

/** The fields that choose the runtime, if none of the paths does. */
function targetOf(method: string, runtime: string): Message {
  if (!byAnnotation.includes(method) || runtime === '') return {};
  return { config: { annotations: { [TARGET_RUNTIME]: runtime } } };
}

/** Sends a request, and returns the first answer of a stream, or the one answer of a unary call. */
async function firstAnswer(lab: Lab, method: string, request: Buffer): Promise<Buffer> {
  if (!methodFact(method).serverStream) return (await lab.send(method, request)).message;
  for await (const message of lab.stream(method, request)) return message;
  return Buffer.alloc(0);
}

/** The ids of containers in the answers here: in a whole message, in an item that needs one, and in a message without one. */
const containerIds = [ownNames.container, 'item', ''];

/**
 * Runs a call for one of two runtimes that answers with `answer`; returns the runtime's request and the client's answer. `named`: the
 * containers were made with the prefix of their runtime in the image's name.
 */
async function run(method: string, runtime: string, request: Buffer, answer: Buffer, named = true) {
  const fact = methodFact(method);
  const answers: Answers = { [method]: fact.serverStream ? [answer] : answer };
  // A method that all runtimes are asked for: the other runtime has nothing to report.
  const nothing = method === 'GetContainerEvents' ? new Source() : [];
  const silent: Answers = { [method]: fact.serverStream ? nothing : Buffer.alloc(0) };
  const [primary, alt] = [
    fakeRuntime('', { answers: runtime === '' ? answers : silent }),
    fakeRuntime('alt', { answers: runtime === '' ? silent : answers }),
  ];
  const lab = startLab([primary, alt]);
  if (named) for (const id of containerIds) lab.node.of(alt).prefixUse.containers.set(id, 'alt/');
  try {
    const got = await firstAnswer(lab, method, request);
    const asked = (runtime === '' ? primary : alt).askedFor(method);
    return { got, asked: asked[0]?.request, times: asked.length };
  } finally {
    lab.stop();
  }
}

const none = Buffer.alloc(0);
const title = (row: IdPathFact) => `${row.method} ${row.side} ${row.path}`;

function requestRow(row: IdPathFact, runtime: string, name: string): [client: Buffer, own: Buffer] {
  const base = targetOf(row.method, runtime);
  const owner = byAnnotation.includes(row.method) ? undefined : requestFor(row.method, runtime);
  const client = { ...owner, ...messageWith([row], () => clientName(row.kind, runtime, name), { ...owner, ...base }) };
  const ownOwner = byAnnotation.includes(row.method) ? undefined : requestFor(row.method, '');
  const own = { ...ownOwner, ...messageWith([row], () => name, { ...ownOwner, ...base }) };
  return [types.encode(methodFact(row.method).request, client), types.encode(methodFact(row.method).request, own)];
}

for (const row of idPaths.filter(({ side }) => side === 'request')) {
  test(`${title(row)}: the prefix of a ${row.kind} is taken off`, async t => {
    const [client, own] = requestRow(row, 'alt', ownNames[row.kind]);
    const { asked, times } = await run(row.method, 'alt', client, none);
    t.equal(times, 1);
    t.strictSame(
      types.decode(methodFact(row.method).request, asked!),
      types.decode(methodFact(row.method).request, own),
    );
    t.equal(asked!.toString('latin1'), own.toString('latin1'), 'and nothing else is changed');
  });

  test(`${title(row)}: for the primary it comes as it is`, async t => {
    const [client] = requestRow(row, '', ownNames[row.kind]);
    const { asked, times } = await run(row.method, '', client, none);
    t.equal(times, 1);
    t.equal(asked, client, 'the same Buffer');
  });
}

/** The items of a list must have ids, or the answer is taken for garbage. */
function withItemId(method: string, message: Message, id: string): Message {
  const fact = methodFact(method);
  const idPath = pathsOf(method, 'response').find(row => row.path.endsWith('[].id(1)') && row.segments.length === 2);
  if (idPath === undefined || !/^(?:List|Stream)/.test(fact.method)) return message;
  const [list] = idPath.segments;
  for (const item of message[list!.name] ?? []) item.id ??= id;
  return message;
}

function responseRow(row: IdPathFact, runtime: string, name: string): [client: Buffer, own: Buffer] {
  const { response } = methodFact(row.method);
  const idKind = pathsOf(row.method, 'response').find(each => each.path.endsWith('[].id(1)'))?.kind ?? 'pod';
  const build = (from: string) =>
    types.encode(
      response,
      withItemId(
        row.method,
        messageWith([row], () => (name === DIGEST ? name : clientName(row.kind, from, name))),
        clientName(idKind, from, 'item'),
      ),
    );
  return [build(runtime), build('')];
}

for (const row of idPaths.filter(({ side }) => side === 'response')) {
  for (const runtime of ['alt', '']) {
    const what = runtime === '' ? "the primary's comes as it is" : `the prefix of a ${row.kind} is put on`;
    test(`${title(row)}: ${what}`, async t => {
      const [client, own] = responseRow(row, runtime, ownNames[row.kind]);
      const { got } = await run(row.method, runtime, encodeRequest(row.method, runtime), own);
      t.strictSame(
        types.decode(methodFact(row.method).response, got),
        types.decode(methodFact(row.method).response, client),
      );
      t.equal(got.toString('latin1'), client.toString('latin1'), 'and nothing else is changed');
    });
  }
}

/** A name of a container's image, and not an id. */
const isContainersName = ({ kind, path }: IdPathFact) =>
  kind === 'image' &&
  /^(?:containers|status|containers_statuses)\(/.test(path) &&
  !/image_id\(|^containers\(1\)\[\].image_ref/.test(path);

for (const row of idPaths.filter(each => each.side === 'response' && isContainersName(each))) {
  test(`${title(row)}: it comes as it is if the container was made without the prefix`, async t => {
    const { response } = methodFact(row.method);
    const answerOf = (id: string) =>
      types.encode(
        response,
        withItemId(
          row.method,
          messageWith([row], () => ownNames.image),
          id,
        ),
      );
    const { got } = await run(row.method, 'alt', encodeRequest(row.method, 'alt'), answerOf('item'), false);
    t.equal(got.toString('latin1'), answerOf('alt__item').toString('latin1'));
  });
}

for (const row of idPaths.filter(({ side, kind }) => side === 'response' && kind === 'image')) {
  test(`${title(row)}: a digest has no prefix`, async t => {
    const [client, own] = responseRow(row, 'alt', DIGEST);
    const { got } = await run(row.method, 'alt', encodeRequest(row.method, 'alt'), own);
    t.equal(got.toString('latin1'), client.toString('latin1'));
  });
}

function encodeRequest(method: string, runtime: string): Buffer {
  return types.encode(methodFact(method).request, requestFor(method, runtime) ?? {});
}

const withPaths = [...new Set(idPaths.map(row => row.method))];

for (const method of withPaths) {
  test(`${method} with a value at every path of both sides`, async t => {
    const { request, response } = methodFact(method);
    const build = (side: IdPathFact['side'], from: string) =>
      types.encode(
        side === 'request' ? request : response,
        messageWith(
          pathsOf(method, side),
          row => clientName(row.kind, from, ownNames[row.kind]),
          side === 'request' ? targetOf(method, 'alt') : {},
        ),
      );
    const { asked, got } = await run(method, 'alt', build('request', 'alt'), build('response', ''));
    t.equal(asked?.toString('latin1'), build('request', '').toString('latin1'), 'at the runtime');
    t.equal(got.toString('latin1'), build('response', 'alt').toString('latin1'), 'at the client');
  });
}
