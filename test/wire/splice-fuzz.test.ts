import { test } from 'tap';
import { dump } from '../../src/cri/show/dump.ts';
import type { Kind } from '../../src/cri/tables/messages.ts';
import { compile } from '../../src/cri/translate/compile.ts';
import { type Shape, splice } from '../../src/wire/splice.ts';
import { WireError } from '../../src/wire/wire-error.ts';
import { randomMessage } from '../cri/random-message.ts';
import { criTypes } from '../support/cri-types.ts';
import { fields } from '../support/facts.ts';
import { type Random, seeded } from './seeded.ts';

const SEED = 7_541;
const INPUTS = 6_000;
const kinds: readonly Kind[] = ['pod', 'container', 'image', 'imageHint', 'url', 'namespaceMode', 'filesystemId'];
const names = [...fields.get('runtime.v1')!.keys()].filter(name => compile(name, kinds) !== undefined);

const prefix = Buffer.from('alt__');

type Result = 'same' | 'changed' | 'refused';

/** Edits every LEN leaf and drops every other; throws any error that is not a WireError. */
function spliceAll(bytes: Buffer, shape: Shape): Result {
  try {
    const out = splice(bytes, shape, (_kind, _bytes, start, _end, edit) => edit.replace(start, start, prefix));
    return out === bytes ? 'same' : 'changed';
  } catch (fault) {
    if (fault instanceof WireError && /^[\w -]+ at byte \d+$/.test(fault.message)) return 'refused';
    throw fault;
  }
}

/** A valid message with a few bytes changed, taken out, put in or repeated. */
function mutate(bytes: Buffer, random: Random): Buffer {
  let out = Buffer.from(bytes);
  for (let times = 1 + random.below(4); times > 0; times--) {
    const at = random.below(out.length + 1);
    const [head, tail] = [out.subarray(0, at), out.subarray(at)];
    const length = random.below(8);
    out = random.pick([
      () => Buffer.concat([head, random.bytes(1), tail.subarray(1)]),
      () => Buffer.concat([head, tail.subarray(length)]),
      () => Buffer.concat([head, random.bytes(length), tail]),
      () => Buffer.concat([head, tail.subarray(0, length), tail]),
      () => Buffer.concat([head, Buffer.alloc(length, 0xff), tail]),
      () => Buffer.from(head),
    ])();
  }
  return out;
}

function count(results: readonly Result[]): Record<Result, number> {
  const of = (wanted: Result) => results.filter(result => result === wanted).length;
  return { same: of('same'), changed: of('changed'), refused: of('refused') };
}

const types = criTypes('runtime.v1');

const sources: ReadonlyArray<readonly [what: string, make: (name: string, random: Random) => Buffer]> = [
  ['random bytes', (_name, random) => random.bytes(random.below(random.pick([6, 64])))],
  ['mutated messages', (name, random) => mutate(types.encode(name, randomMessage('runtime.v1', name, random)), random)],
];

for (const [what, make] of sources) {
  test(`${INPUTS} times ${what} give a message or a WireError (seed ${SEED})`, async t => {
    const random = seeded(SEED);
    const results = Array.from({ length: INPUTS }, () => {
      const name = random.pick(names);
      return spliceAll(make(name, random), compile(name, kinds)!);
    });
    const { same, changed, refused } = count(results);
    t.ok(refused > INPUTS / 20, `${refused} were refused`);
    t.ok(same + changed > INPUTS / 20, `${same + changed} were taken, ${changed} of them changed`);
  });

  test(`${INPUTS} times ${what} can be dumped (seed ${SEED})`, async t => {
    const random = seeded(SEED);
    for (let input = 0; input < INPUTS; input++) {
      const name = random.pick(names);
      JSON.stringify(dump(name, 'runtime.v1', make(name, random)));
    }
    t.pass('none threw');
  });
}

test(`protobufjs can read a mutated message after an edit if it could before (seed ${SEED})`, async t => {
  const random = seeded(SEED);
  const readable = (name: string, bytes: Buffer): boolean => {
    try {
      types.decode(name, bytes);
      return true;
    } catch {
      return false;
    }
  };
  const broken: string[] = [];
  let checked = 0;
  for (let input = 0; input < INPUTS; input++) {
    const name = random.pick(names);
    const bytes = mutate(types.encode(name, randomMessage('runtime.v1', name, random)), random);
    const shape = compile(name, ['pod', 'container', 'image', 'url']);
    if (shape === undefined || !readable(name, bytes) || spliceAll(bytes, shape) !== 'changed') continue;
    checked++;
    const out = splice(bytes, shape, (_kind, _bytes, start, _end, edit) => edit.replace(start, start, prefix));
    if (!readable(name, out)) broken.push(`${name} ${bytes.toString('hex')}`);
  }
  t.strictSame(broken, []);
  t.ok(checked > INPUTS / 50, `${checked} messages checked`);
});
