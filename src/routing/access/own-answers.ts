import { imageOfStatus } from '../../cri/read/image-answers.ts';
import { keepItems, type Subject, subjectOfEvent, subjectOfItem, subjectsOf } from '../../cri/read/ownership.ts';
import type { MethodSpec } from '../../cri/translate/method-spec.ts';
import type { OwnPods } from './own-pods.ts';

const nothing: Buffer = Buffer.alloc(0);

/** An answer, or a message of a stream, without all that does not exist for the client; undefined for an event of another's pod. */
export async function ownAnswer(method: MethodSpec, answer: Buffer, pods: OwnPods): Promise<Buffer | undefined> {
  switch (method.route) {
    case 'events':
      return (await isOwnEvent(answer, pods)) ? answer : undefined;
    case 'images':
      return keepItems(answer, await pods.images());
    case 'firstHolder':
      return ownImageStatus(answer, pods);
    case 'list':
    case 'samples':
      return method.join === 'descriptors' ? answer : ownItems(method.unaryList ?? method.name, answer, pods);
    default:
      return answer;
  }
}

/** Items of an unknown list are nobody's. */
async function ownItems(list: string, answer: Buffer, pods: OwnPods): Promise<Buffer> {
  if (list === 'ListPodSandbox') pods.learnPods(answer);
  await pods.know(subjectsOf(list, answer));
  return keepItems(answer, item => {
    const subject = subjectOfItem(list, item);
    return subject !== undefined && pods.owns(subject);
  });
}

/** Without an image, as runtimes answer for one that they do not have. */
async function ownImageStatus(answer: Buffer, pods: OwnPods): Promise<Buffer> {
  const image = imageOfStatus(answer);
  return image !== undefined && (await pods.images())(image) ? answer : nothing;
}

/** An event of something that was deleted may have no status: then the pod is known from the lists, or from earlier events. */
async function isOwnEvent(event: Buffer, pods: OwnPods): Promise<boolean> {
  const { id, pod, namespace, isDeleted } = subjectOfEvent(event);
  // Where the pod's id is not known, the pod stands under the id that the event has.
  const known = pod === '' ? id : pod;
  if (namespace !== '') {
    pods.learnPod(known, namespace);
    if (known !== id) pods.learnContainer(id, known);
  }
  const subjects: readonly Subject[] = [
    { kind: 'pod', id },
    { kind: 'container', id },
  ];
  const find = () => subjects.map(subject => pods.find(subject)).find(own => own !== undefined);
  if (find() === undefined) await pods.refresh();
  const isOwn = find() ?? false;
  if (isDeleted) pods.forget(id);
  return isOwn;
}
