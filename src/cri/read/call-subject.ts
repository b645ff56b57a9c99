import { readBytes, readString } from '../../wire/fields.ts';
import { Records, WireType } from '../../wire/records.ts';
import { WireError } from '../../wire/wire-error.ts';
import { type Field, fieldsOf } from '../tables/schema.ts';
import { podNameOfConfig } from './item-names.ts';

/** The subject of a request, as far as the request itself tells; else empty. Ids and image are in the client's names. */
export interface CallSubject {
  podId: string;
  containerId: string;
  namespace: string;
  pod: string;
  container: string;
  image: string;
}

/** Reads the fields of the request and of its filter. Never throws: a malformed request is read as far as it goes. */
export function readSubject(request: string, bytes: Buffer): CallSubject {
  const subject: CallSubject = { podId: '', containerId: '', namespace: '', pod: '', container: '', image: '' };
  try {
    readFields(request, bytes, subject);
  } catch (fault) {
    if (!(fault instanceof WireError)) throw fault;
  }
  return subject;
}

function readFields(message: string, bytes: Buffer, subject: CallSubject): void {
  const fields = fieldsOf(message);
  const records = new Records(bytes);
  while (records.next()) {
    const field = fields.find(each => each.number === records.field);
    if (field === undefined || field.repeated || records.type !== WireType.Len) continue;
    readField(field, bytes.subarray(records.valueStart, records.valueEnd), subject);
  }
}

function readField(field: Field, value: Buffer, subject: CallSubject): void {
  if (field.kind === 'pod') subject.podId = value.toString('utf8');
  else if (field.kind === 'container') subject.containerId = value.toString('utf8');
  else if (field.type === 'PodSandboxConfig') Object.assign(subject, podNameOfConfig(value));
  else if (field.type === 'ContainerConfig') subject.container = readString(readBytes(value, 1) ?? Buffer.alloc(0), 1);
  else if (field.type === 'ImageSpec') subject.image = readString(value, 1);
  else if (field.type.endsWith('Filter')) readFields(field.type, value, subject);
}
