import { createHash } from 'node:crypto';
import { test } from 'tap';
import type { Message } from '../../support/cri-types.ts';
import { type Answer, startNode } from '../node-lab.ts';

/** A source of numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Identity = 'digest' | 'hex' | 'name' | 'both';

interface Held {
  /** Its name in the registry. */
  readonly name: string;
  /** Image.id, and therefore image_id and image_ref. */
  readonly id: string;
  readonly pinned: boolean;
  readonly used: boolean;
}

const names = ['web', 'team/api:1', 'registry.example:5000/db:v2', 'quay.example/a/b/c:x'];

/** Images that a runtime holds; the same name is the same content in all runtimes. */
function imagesOf(identity: Identity, random: () => number): Held[] {
  return names
    .filter(() => random() < 0.7)
    .map(name => {
      const hex = createHash('sha256').update(name).digest('hex');
      const byName = identity === 'name' || (identity === 'both' && random() < 0.5);
      const id = byName ? name : identity === 'hex' ? hex : `sha256:${hex}`;
      return { name, id, pinned: random() < 0.3, used: random() < 0.5 };
    });
}

function answersOf(held: readonly Held[]): Record<string, Answer> {
  const used = held.filter(image => image.used);
  const find = (name: string) => held.find(image => image.name === name || image.id === name)!;
  return {
    ListImages: () => ({ images: held.map(({ id, name, pinned }) => ({ id, repo_tags: [name], pinned })) }),
    ListContainers: () => ({
      containers: used.map(({ id }, index) => ({ id: `c${index}`, image: { image: id }, image_ref: id, image_id: id })),
    }),
    ContainerStatus({ container_id }) {
      const { id } = used[Number(container_id.slice(1))]!;
      return { status: { id: container_id, image: { image: id }, image_ref: id, image_id: id } };
    },
    PullImage: ({ image }) => ({ image_ref: find(image.image).id }),
  };
}

const identities: readonly Identity[] = ['digest', 'hex', 'name', 'both'];

for (let seed = 1; seed <= 60; seed++) {
  const random = randomFrom(seed);
  const mix = Array.from({ length: 1 + Math.floor(random() * 4) }, () => identities[Math.floor(random() * 4)]!);
  test(`images of runtimes by ${mix.join(', ')} (seed ${seed}) are the same in all places`, async t => {
    const ids = mix.map((_, index) => (index === 0 ? '' : `r${index}`));
    const held = mix.map(identity => imagesOf(identity, random));
    const node = startNode(ids, { answers: Object.fromEntries(ids.map((id, index) => [id, answersOf(held[index]!)])) });
    t.teardown(() => node.stop());
    const { images } = await node.call('ListImages');
    const { containers } = await node.call('ListContainers');
    const listed = new Map<string, Message>(images.map((image: Message) => [image['id'], image]));
    t.equal(listed.size, images.length, 'every id is listed once');

    let seen = 0;
    for (const [index, own] of held.entries()) {
      const prefix = index === 0 ? '' : `r${index}/`;
      let number = 0;
      for (const image of own) {
        const { image_ref } = await node.call('PullImage', { image: { image: prefix + image.name } });
        t.ok(listed.has(image_ref), `what the pull of ${prefix}${image.name} gives is listed`);
        t.ok(listed.get(image_ref)!['repo_tags'].includes(prefix + image.name));
        if (!image.used) continue;
        const id = (index === 0 ? '' : `r${index}__`) + `c${number++}`;
        const container = containers.find((each: Message) => each['id'] === id);
        const { status } = await node.call('ContainerStatus', { container_id: id });
        t.strictSame([container.image_id, status.image_id], [image_ref, image_ref], id);
        seen++;
      }
    }
    t.equal(seen, containers.length);

    // The kubelet's garbage collector (image_gc_manager.go) goes by id: the last item of an id counts.
    const inUse = new Set(containers.map((container: Message) => container['image_id']));
    const free = images.filter((image: Message) => !inUse.has(image['id']) && !image['pinned']);
    const needed = held.flatMap((own, index) =>
      own.filter(image => image.used || image.pinned).map(image => shownAs(index, image.id)),
    );
    t.strictSame(
      free.filter((image: Message) => needed.includes(image['id'])),
      [],
      'nothing that is used or pinned anywhere is free',
    );
  });
}

/** The name of an image: a name belongs to its runtime, a digest to all. */
function shownAs(index: number, id: string): string {
  return index === 0 || /^(?:sha256:)?[0-9a-f]{64}$/.test(id) ? id : `r${index}/${id}`;
}
