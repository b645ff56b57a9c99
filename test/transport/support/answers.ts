import { data, headers, message, okFields, responseFields, whole } from './frames.ts';

/** The header list and one message of an answer. */
export const started = (streamId: number): Buffer[] => [
  headers(streamId, responseFields),
  data(streamId, message('hello'), 0),
];

/** The trailers of the status OK. */
export const ok = (streamId: number): Buffer => headers(streamId, okFields, whole);

export const answerTo = (streamId: number): Buffer[] => [...started(streamId), ok(streamId)];
