import { mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { encodeRecord, MAGIC, readJournal } from '../../src/store/journal.ts';
import { TwinJournal } from '../../src/store/twin-journal.ts';

function setUp(t: Test): { main: string; copy: string; open: () => TwinJournal } {
  const folder = mkdtempSync(join(tmpdir(), 'criproxy-twin-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const [main, copy] = [join(folder, 'main'), join(folder, 'copy')];
  const opened: TwinJournal[] = [];
  t.teardown(() => Promise.all(opened.map(each => each.close())));
  const open = () => {
    const journal = new TwinJournal(main, copy);
    opened.push(journal);
    return journal;
  };
  return { main, copy, open };
}

/** The state `0` and the changes 1 to `count`, written. */
async function filled(open: () => TwinJournal, count: number): Promise<TwinJournal> {
  const journal = open();
  await journal.load();
  await journal.replace(Buffer.from('0'));
  for (let index = 1; index <= count; index++) await journal.append(Buffer.from(String(index)));
  return journal;
}

const texts = async (journal: TwinJournal) => (await journal.load()).contents?.map(String);

test('written records are read, and the journal continues', async t => {
  const { open } = setUp(t);
  t.strictSame(await texts(open()), undefined, 'nothing yet');
  await filled(open, 3);
  const next = open();
  t.strictSame(await texts(next), ['0', '1', '2', '3']);
  await next.replace(Buffer.from('three'));
  await next.append(Buffer.from('4'));
  t.strictSame(await texts(open()), ['three', '4']);
});

test('every changed byte of the file, and every cut, is made good by the copy; of both, nothing is made up', async t => {
  const { main, copy, open } = setUp(t);
  await (await filled(open, 1)).close();
  const good = readFileSync(main);
  t.ok(readFileSync(copy).equals(good), 'the copy says the same');
  const all = ['0', '1'];
  let lost = 0;
  for (let at = 0; at < good.length; at++) {
    const bad = Buffer.from(good);
    bad[at]! ^= 0x10;
    for (const bytes of [bad, good.subarray(0, at)]) {
      writeFileSync(main, bytes);
      writeFileSync(copy, good);
      if (String(await texts(open())) !== String(all)) return t.fail(`byte ${at} of the file`);
      writeFileSync(main, good);
      writeFileSync(copy, bytes);
      if (String(await texts(open())) !== String(all)) return t.fail(`byte ${at} of the copy`);
      writeFileSync(main, bytes);
      const found = await texts(open());
      if (found === undefined) lost++;
      // A killed process leaves the beginning of a record.
      else if (bytes === bad || String(found) !== String(all.slice(0, found.length)))
        return t.fail(`byte ${at} of both: ${found}`);
    }
  }
  return t.ok(lost > good.length, `${lost} times nothing was left`);
});

test('a process that was killed between the two files', async t => {
  const { main, copy, open } = setUp(t);
  const journal = await filled(open, 2);
  const older = readFileSync(copy);
  await journal.append(Buffer.from('3'));
  writeFileSync(copy, older);
  t.strictSame(await texts(open()), ['0', '1', '2', '3'], 'a change is in the first alone');
  const before = readFileSync(main);
  const next = open();
  await next.load();
  await next.replace(Buffer.from('new'));
  writeFileSync(main, before);
  const third = open();
  t.strictSame(await texts(third), ['new'], 'a state is in the copy alone');
  await third.append(Buffer.from('x')).then(
    () => t.fail('it was never replaced by this one'),
    () => t.pass('a change needs a state of its own before it'),
  );
});

test('zeros at the end, which a power failure leaves', async t => {
  const { main, open } = setUp(t);
  await filled(open, 1);
  const bytes = readFileSync(main);
  for (const zeros of [1, 20, 36, 500]) {
    const journal = readJournal(Buffer.concat([bytes, Buffer.alloc(zeros)]));
    t.strictSame([journal?.contents.length, journal?.end], [2, 'torn'], `${zeros}`);
  }
});

test('a record that does not follow is no record of this journal', async t => {
  const bytes = Buffer.concat([MAGIC, encodeRecord(5, Buffer.from('a')), encodeRecord(7, Buffer.from('b'))]);
  t.match(readJournal(bytes), { last: 5, end: 'damaged' });
  t.equal(readJournal(MAGIC), undefined);
  t.equal(readJournal(Buffer.from('criproxy-journal 2\n')), undefined);
});

for (const [what, take] of [
  ['taken away', (path: string) => rmSync(path)],
  ['moved', (path: string) => renameSync(path, `${path}.away`)],
  [
    'another',
    (path: string) => {
      rmSync(path);
      writeFileSync(path, 'other');
    },
  ],
] as const) {
  test(`a file that is ${what} is noticed, and written anew`, async t => {
    const { main, open } = setUp(t);
    const journal = await filled(open, 0);
    take(main);
    await t.rejects(journal.append(Buffer.from('1')), /is not the file that was written/);
    await journal.replace(Buffer.from('one'));
    t.strictSame(await texts(open()), ['one']);
  });
}

test('the file is whole whenever the copy is not, and the reverse', async t => {
  const { main, copy, open } = setUp(t);
  await filled(open, 1);
  truncateSync(main, 10);
  const journal = open();
  const { contents, bad } = await journal.load();
  t.strictSame(contents?.map(String), ['0', '1']);
  t.strictSame(
    bad.map(each => [each.path, each.isDamaged]),
    [[main, true]],
  );
  // The damaged one is written first: a crash in between leaves the other.
  rmSync(copy);
  writeFileSync(`${copy}.blocked`, '');
  await journal.replace(Buffer.from('2'));
  t.strictSame(await texts(open()), ['2']);
});
