import { test } from 'tap';
import { applyEdit, type Edit, undoEdit } from '../../src/setup/edit.ts';

const env = { file: 'f', syntax: 'env', key: 'ARGS', variable: 'ARGS' } as const;
const exec = { file: 'f', syntax: 'unit', key: 'ExecStart' } as const;
const environment = { file: 'f', syntax: 'unit', key: 'Environment', variable: 'ARGS' } as const;

const flag = (origin: typeof env | typeof exec | typeof environment): Edit => ({
  kind: 'flag',
  file: 'f',
  origin,
  flag: 'e',
  old: 'old',
  new: 'new',
});
const append = (origin: typeof env | typeof environment): Edit => ({
  kind: 'append',
  file: 'f',
  origin,
  text: '--e=new',
});
const rows: readonly (readonly [name: string, edit: Edit, before: string, after: string])[] = [
  ['a flag in a variable', flag(env), 'ARGS="--a --e=old --b"\n', 'ARGS="--a --e=new --b"\n'],
  ['a flag with its value apart', flag(env), 'ARGS=--e old\n', 'ARGS=--e new\n'],
  ['the last of two', flag(env), 'ARGS="--e=old --e=old"\n', 'ARGS="--e=old --e=new"\n'],
  ['the assignment in force', flag(env), 'ARGS=--e=old\nARGS=--e=old\n', 'ARGS=--e=old\nARGS=--e=new\n'],
  [
    'a flag in ExecStart, over lines',
    flag(exec),
    '[Service]\nExecStart=\nExecStart=/x \\\n --e=old \\\n --b\n',
    '[Service]\nExecStart=\nExecStart=/x \\\n --e=new \\\n --b\n',
  ],
  [
    'a flag in Environment=',
    flag(environment),
    '[Service]\nEnvironment="A=b" "ARGS=--e=old"\n',
    '[Service]\nEnvironment="A=b" "ARGS=--e=new"\n',
  ],
  ['an addition inside the quotes', append(env), 'ARGS="--a"\n', 'ARGS="--a --e=new"\n'],
  ['an addition without quotes', append(env), '# x\nARGS=--a\n', '# x\nARGS=--a --e=new\n'],
  ['an addition to nothing', append(env), 'ARGS=\n', 'ARGS=--e=new\n'],
];

for (const [name, edit, before, after] of rows) {
  test(`${name}: made and undone`, async t => {
    t.equal(applyEdit(edit, before), after);
    t.same(undoEdit(edit, after), { kind: 'ours', text: before });
  });
}

const misfits: readonly (readonly [name: string, edit: Edit, text: string | undefined])[] = [
  ['another value', flag(env), 'ARGS=--e=other\n'],
  ['a value that only starts the same', flag(env), 'ARGS=--e=older\n'],
  ['no such variable', flag(env), 'OTHER=--e=old\n'],
  ['no file', flag(env), undefined],
  ['unquoted Environment=', append(environment), '[Service]\nEnvironment=ARGS=--a\n'],
];

for (const [name, edit, text] of misfits) {
  test(`does not fit: ${name}`, async t => {
    t.equal(applyEdit(edit, text), undefined);
    t.same(undoEdit(edit, text), { kind: 'theirs' });
  });
}
