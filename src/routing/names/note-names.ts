import { imageOfStatus, pulledRef } from '../../cri/read/image-answers.ts';
import { createdContainer, imageAsked, type MadeContainer, restoredContainers } from '../../cri/read/item-names.ts';
import { itemId } from '../../cri/read/listing.ts';
import { imagePrefix, isDigest } from '../port/names.ts';
import type { Runtime } from '../port/runtime.ts';
import type { Runtimes } from '../port/runtimes.ts';
import type { Snapshot } from '../state/snapshot.ts';
import { askedPrefix } from './asked-prefix.ts';

/** An answered call: the request and its image in the client's names, the answer in the runtime's. */
export interface Answered {
  readonly method: string;
  readonly request: Buffer;
  readonly image: string;
  readonly answer: Buffer;
}

/** Remembers whether the client of a call has named an image with the prefix of this secondary. */
export function noteNames({ method, request, image, answer }: Answered, runtime: Runtime, known: Known): void {
  const { containers, images, prefixUse } = known.snapshot;
  const prefixIn = (name: string) => askedPrefix(name, runtime, known.runtimes, prefixUse);
  // For a container with an image id alone, from a kubelet before 1.28, the name in the last question for the image counts.
  const noteContainer = ({ id, image: spec }: MadeContainer) => {
    const asked = imageAsked(spec);
    const prefix = prefixIn(asked) || (prefixUse.images.has(asked) ? imagePrefix(runtime.id) : '');
    prefixUse.noteContainer(id, prefix, containers);
  };
  switch (method) {
    case 'CreateContainer':
      noteContainer(createdContainer(request, answer));
      break;
    case 'RestorePod':
      for (const made of restoredContainers(request, answer)) noteContainer(made);
      break;
    case 'PullImage':
      prefixUse.noteImage(pulledRef(answer), prefixIn(image) !== '', images);
      break;
    case 'ImageStatus': {
      const found = imageOfStatus(answer);
      if (found !== undefined && !isDigest(image)) prefixUse.noteImage(itemId(found), prefixIn(image) !== '', images);
    }
  }
}

interface Known {
  readonly runtimes: Runtimes;
  readonly snapshot: Snapshot;
}
