import { test } from 'tap';
import { Code } from '../../../src/base/codes.ts';
import { ProxyError } from '../../../src/base/error.ts';
import { criTypes } from '../../support/cri-types.ts';
import { fakeRuntime } from '../fakes.ts';
import { settle, startLab } from '../lab.ts';

const DIGEST = `sha256:${'fedcba9876543210'.repeat(4)}`;
const types = criTypes('runtime.v1');
const image = { image: { image: DIGEST } };

const has = (tag: string) => types.encode('ImageStatusResponse', { image: { id: DIGEST, repo_tags: [tag] } });
const lacks = types.encode('ImageStatusResponse', {});
const notFound = new ProxyError(Code.NotFound, 'no such image');
const broken = new ProxyError(Code.Unknown, 'disk on fire');
const garbage = Buffer.from([0xff]);

/** `listsNone`: the answer of a runtime that is known to have no images; other runtimes have given no list. */
type Answer = Buffer | ProxyError | { readonly listsNone: ProxyError | Buffer } | 'down' | 'never up';

/** The answer to the client of ImageStatus by digest: tags of the image, none, or a code. */
const statuses: ReadonlyArray<readonly [what: string, answers: readonly Answer[], got: string[] | 'missing' | number]> =
  [
    ['the primary has it', [has('a:1'), has('b:1')], ['a:1']],
    ['the second has it', [lacks, has('b:1'), has('c:1')], ['r1/b:1']],
    ['the last has it', [lacks, lacks, has('c:1')], ['r2/c:1']],
    ['nobody has it', [lacks, lacks, lacks], 'missing'],
    ['one fails, another has it', [broken, has('b:1')], ['r1/b:1']],
    ['one fails, nobody else has it', [broken, lacks], Code.Unknown],
    ['the last fails', [lacks, broken], Code.Unknown],
    ['one is down, another has it', [lacks, 'down', has('c:1')], ['r2/c:1']],
    ['one is down, nobody else has it', [lacks, 'down'], Code.Unavailable],
    ['one was never up, nobody else has it', [lacks, 'never up'], 'missing'],
    ['one has never been up, another has it', [lacks, 'never up', has('c:1')], ['r2/c:1']],
    ['one sends garbage, another has it', [garbage, has('b:1')], ['r1/b:1']],
    ['one sends garbage, nobody else has it', [garbage, lacks], Code.Internal],
    ['one fails that lists none', [lacks, { listsNone: broken }], 'missing'],
    ['one sends garbage that lists none', [lacks, { listsNone: garbage }], 'missing'],
    ['the primary fails, whatever it lists', [{ listsNone: broken }, lacks], Code.Unknown],
    ['the primary says NotFound, nobody else has it', [notFound, lacks], 'missing'],
    ['all say NotFound', [notFound, notFound], Code.NotFound],
  ];

function runtimesOf(method: string, answers: readonly Answer[]) {
  const [primary, ...others] = answers.map((answer, index) => {
    const id = index === 0 ? '' : `r${index}`;
    if (answer === 'down') return fakeRuntime(id, { state: 'lost' });
    if (answer === 'never up') return fakeRuntime(id, { state: 'down' });
    if ('listsNone' in answer) return fakeRuntime(id, { answers: { [method]: answer.listsNone } });
    return fakeRuntime(id, { answers: { [method]: answer, ListImages: broken } });
  });
  return [primary!, ...others] as const;
}

for (const [what, answers, got] of statuses) {
  test(`ImageStatus by digest when ${what}: ${got}`, async t => {
    const lab = startLab(runtimesOf('ImageStatus', answers));
    t.teardown(() => lab.stop());
    await lab.call('ListImages').catch(() => {});
    await settle();
    const outcome = await lab.call('ImageStatus', image).then(
      answer => (answer['image'] === null ? 'missing' : answer['image'].repo_tags),
      (fault: ProxyError) => fault.code,
    );
    t.strictSame(outcome, got);
  });
}

test('garbage is blamed on the runtime that sent it', async t => {
  const lab = startLab([fakeRuntime('', { answers: { ImageStatus: garbage } }), fakeRuntime('alt')]);
  t.teardown(() => lab.stop());
  const fault = await lab.fault('ImageStatus', image);
  t.equal(fault.code, Code.Internal);
  t.match(fault.message, /primary runtime.*malformed ImageStatusResponse/);
});

const listed = types.encode('ListImagesResponse', { images: [{ id: DIGEST, repo_tags: ['web:1'] }] });

test('a name with a prefix goes to its owner alone', async t => {
  for (const [name, owner] of [
    ['alt/web:1', ['alt']],
    ['web:1', ['', 'alt']],
  ] as const) {
    for (const method of ['ImageStatus', 'RemoveImage']) {
      const runtimes = ['', 'alt'].map(id =>
        fakeRuntime(id, { answers: { [method]: Buffer.alloc(0), ListImages: listed } }),
      );
      const lab = startLab([runtimes[0]!, runtimes[1]!]);
      t.teardown(() => lab.stop());
      await lab.call(method, { image: { image: name } });
      const asked = runtimes.filter(runtime => runtime.askedFor(method).length > 0).map(runtime => runtime.id);
      t.strictSame(asked, owner, `${method} ${name}`);
    }
  }
});

test('ImageStatus of a missing image by name is an answer without an image, and not an error', async t => {
  const lab = startLab([fakeRuntime('', { answers: { ImageStatus: lacks } }), fakeRuntime('alt')]);
  t.teardown(() => lab.stop());
  t.equal((await lab.call('ImageStatus', { image: { image: 'web:1' } }))['image'], null);
});
