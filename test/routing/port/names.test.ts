import { test } from 'tap';
import {
  idFault,
  idPrefix,
  imagePrefix,
  isDigest,
  runtimeInId,
  runtimeInImage,
} from '../../../src/routing/port/names.ts';

const HEX = '0123456789abcdef'.repeat(4);

const ids: ReadonlyArray<readonly [id: string, runtime: string]> = [
  ['', ''],
  [HEX, ''],
  ['alt__abc', 'alt'],
  ['virtlet.cloud__abc', 'virtlet.cloud'],
  ['alt__a__b', 'alt'],
  ['alt_abc', ''],
  ['__abc', ''],
  ['alt__', 'alt'],
  ['alt___abc', 'alt'],
];

test('the runtime in an id', async t => {
  for (const [id, runtime] of ids) t.equal(runtimeInId(id), runtime, `"${id}": "${runtime}"`);
});

const images: ReadonlyArray<readonly [image: string, runtime: string]> = [
  ['', ''],
  ['nginx', ''],
  ['nginx:1', ''],
  ['alt/nginx', 'alt'],
  ['alt/registry.example/team/nginx:1', 'alt'],
  ['registry.example:5000/nginx', 'registry.example:5000'],
  ['/nginx', ''],
];

test('the first component of an image', async t => {
  for (const [image, runtime] of images) t.equal(runtimeInImage(image), runtime, `"${image}": "${runtime}"`);
});

const digests: ReadonlyArray<readonly [image: string, digest: boolean]> = [
  [`sha256:${HEX}`, true],
  [`sha512:${HEX}${HEX}`, true],
  [HEX, true],
  [`docker://sha256:${HEX}`, true],
  ['', false],
  ['nginx', false],
  ['nginx:latest', false],
  [`nginx@sha256:${HEX}`, false],
  [`registry.example/nginx@sha256:${HEX}`, false],
  [`docker-pullable://nginx@sha256:${HEX}`, false],
  [`alt/sha256:${HEX}`, false],
  [HEX.slice(1), false],
  [`${HEX}0`, false],
  [HEX.toUpperCase(), false],
  [`web:${HEX.slice(0, 40)}`, false],
  [`web:${HEX}`, false],
];

test('an image that is named by its content alone', async t => {
  for (const [image, digest] of digests) t.equal(isDigest(image), digest, `"${image}": ${digest}`);
});

test('prefixes', async t => {
  t.strictSame([idPrefix('alt'), imagePrefix('alt')], ['alt__', 'alt/']);
  t.strictSame([idPrefix(''), imagePrefix('')], ['', ''], "the primary's names are bare");
});

const usable = ['alt', 'virtlet.cloud', 'kata-fc', 'a', '1', 'a_b', 'A.b-c_d'];
const unusable = ['', 'a__b', '_a', 'a_', '.a', 'a-', 'a b', 'a/b', 'a,b', 'a:b', 'ä'];

test('ids that can be used', async t => {
  for (const id of usable) t.equal(idFault(id), undefined, id);
  for (const id of unusable) t.type(idFault(id), 'string', `"${id}": ${idFault(id)}`);
});
