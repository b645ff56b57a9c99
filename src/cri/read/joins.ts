import { lenField, readAllBytes, readString } from '../../wire/fields.ts';
import type { Join } from '../tables/methods.ts';
import { mergeImages } from './image-list.ts';
import { listOf } from './listing.ts';

/** How several answers become one, by the rule in a method's row. `answers` are in the order of the runtimes. Throw WireErrors. */
export const joins: Readonly<Record<Join, (answers: readonly Buffer[]) => Buffer>> = {
  items: answers => Buffer.concat(answers),
  images: mergeImages,
  descriptors: joinDescriptors,
  filesystems: joinFilesystems,
};

/** ListMetricDescriptorsResponses: of descriptors with the same name, the first. */
function joinDescriptors(answers: readonly Buffer[]): Buffer {
  const byName = new Map<string, Buffer>();
  for (const descriptor of answers.flatMap(answer => readAllBytes(answer, 1))) {
    const name = readString(descriptor, 1);
    if (!byName.has(name)) byName.set(name, descriptor);
  }
  return listOf(byName.values());
}

const IMAGES = 1;

/** ImageFsInfoResponses: all image filesystems, and the container filesystems of the runtime whose image filesystem is first. */
function joinFilesystems(answers: readonly Buffer[]): Buffer {
  const first = answers.find(answer => readAllBytes(answer, IMAGES).length > 0) ?? answers[0];
  return Buffer.concat(
    answers.map(answer => {
      if (answer === first) return answer;
      return Buffer.concat(readAllBytes(answer, IMAGES).map(filesystem => lenField(IMAGES, filesystem)));
    }),
  );
}
