import { image, labels } from '../messages.ts';
import type { Answer, Answers } from '../peers/answers.ts';
import { entries, field, number } from '../protobuf.ts';
import { containerId, type Population, podId } from './population.ts';
import { type LoadRow, pathOf, recordedLoad } from './recorded-load.ts';

/** The containers of the lists that are sent from one SIGUSR1 to the next. */
const LARGE = 1000;

const NOW = 1_700_000_000_000_000_000;

/** The messages of runtime.v1 that a runtime sends, or one item of a list, as its field 1; `filler` sets the length. */
const makers: Readonly<Record<string, (name: string, i: number, filler: string) => Buffer>> = {
  /** PodSandbox */
  ListPodSandbox: (name, i, filler) =>
    Buffer.concat([field(1, podId(name, i)), podMetadata(i), number(4, NOW), entries(6, { filler })]),
  /** Container */
  ListContainers: (name, i, filler) =>
    Buffer.concat([
      field(1, containerId(name, i)),
      field(2, podId(name, i)),
      field(3, field(1, `container-${i}`)),
      field(4, field(1, image)),
      field(5, image),
      number(6, 1),
      number(7, NOW),
      entries(8, labels(i)),
      entries(9, { filler }),
    ]),
  /** ContainerStats */
  ListContainerStats: (name, i, filler) =>
    Buffer.concat([
      field(
        1,
        Buffer.concat([
          field(1, containerId(name, i)),
          field(2, field(1, `container-${i}`)),
          entries(3, labels(i)),
          entries(4, { filler }),
        ]),
      ),
      field(2, Buffer.concat([number(1, NOW), field(2, number(1, 123_456_789))])),
      field(3, Buffer.concat([number(1, NOW), field(2, number(1, 12_345_678))])),
    ]),
  /** Image */
  ListImages: (name, i, filler) =>
    Buffer.concat([
      field(1, `sha256:${containerId(name, i)}`),
      field(2, `example/${filler}:${i}`),
      number(4, 12_345_678),
    ]),
  /** ContainerStatus */
  ContainerStatus: (name, i, filler) =>
    Buffer.concat([
      field(1, containerId(name, i)),
      field(2, field(1, `container-${i}`)),
      number(3, 1),
      number(4, NOW),
      field(8, field(1, image)),
      field(9, image),
      entries(12, labels(i)),
      entries(13, { filler }),
    ]),
  /** FilesystemUsage */
  ImageFsInfo: (_name, _i, filler) =>
    Buffer.concat([number(1, NOW), field(2, field(1, `/var/lib/${filler}`)), field(3, number(1, 123_456_789))]),
  /** RuntimeStatus */
  Status: (_name, _i, filler) =>
    Buffer.concat(['RuntimeReady', 'NetworkReady'].map(type => field(1, condition(type, filler)))),
};

/** Messages that are no list, whole. */
const wholes: Readonly<Record<string, (name: string, filler: string) => Buffer>> = {
  Version: (_name, filler) => Buffer.concat([field(1, '0.1.0'), field(2, 'canned'), field(3, filler), field(4, 'v1')]),
  ReopenContainerLog: () => Buffer.alloc(0),
  ExecSync: () => Buffer.alloc(0),
  /** ContainerEventResponse, of a container that has started */
  GetContainerEvents: (name, filler) =>
    Buffer.concat([
      field(1, containerId(name, 0)),
      number(2, 1),
      number(3, NOW),
      field(4, Buffer.concat([field(1, podId(name, 0)), podMetadata(0), number(4, NOW), entries(7, { filler })])),
    ]),
};

function podMetadata(i: number): Buffer {
  const {
    'io.kubernetes.pod.name': name,
    'io.kubernetes.pod.uid': uid,
    'io.kubernetes.pod.namespace': space,
  } = labels(i);
  return field(2, Buffer.concat([field(1, name), field(2, uid), field(3, space)]));
}

function condition(type: string, reason: string): Buffer {
  return Buffer.concat([field(1, type), number(2, 1), field(3, reason)]);
}

/** Every answer of a runtime with this share of a node. */
export function nodeAnswers(population: Population): Answers {
  return Object.fromEntries(recordedLoad.map(row => [pathOf(row), answerOf(row, population)]));
}

function answerOf(row: LoadRow, population: Population): Answer {
  const { method, answerBytes, delay, everySeconds, at } = row;
  const whole = wholes[method];
  if (whole !== undefined) {
    const message = filled(answerBytes, filler => whole(population.name, filler));
    if (at !== 'stream') return { messages: [message], delay };
    return { messages: [message], every: (everySeconds * 1000) / Math.max(1, population.pods) };
  }
  const messages = [listOf(row, population, countOf(row, population))];
  return method === 'ListContainers' ? { messages, delay, large: listOf(row, population, LARGE) } : { messages, delay };
}

function countOf({ of }: LoadRow, { pods, containers, images }: Population): number {
  return of === 'pod' ? pods : of === 'container' ? containers : of === 'image' ? images : 1;
}

function listOf({ method, answerBytes }: LoadRow, { name }: Population, count: number): Buffer {
  const maker = makers[method]!;
  return Buffer.concat(
    Array.from({ length: count }, (_, i) => filled(answerBytes, filler => field(1, maker(name, i, filler)))),
  );
}

/** The message with a filler that gives it this size; with an empty filler if the message is longer anyway. */
function filled(size: number, make: (filler: string) => Buffer): Buffer {
  const rest = size - make('').length;
  for (let length = Math.max(0, rest); length >= 0; length--) {
    const message = make('x'.repeat(length));
    if (message.length <= size || length === 0) return message;
  }
  throw new Error('no filler is short enough');
}
