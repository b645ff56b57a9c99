import { data, type Field, headers, message, requestFields } from './frames.ts';

export const echoFields = requestFields('/test.Test/Echo');
export const request = Buffer.concat([headers(1, echoFields), data(1, message('hello'))]);
export const open = headers(1, echoFields);
export const hang = headers(1, requestFields('/test.Test/Hang'));
export const answered = ['Headers 1 :status=200', 'Data 1 10', 'Headers 1 grpc-status=0 end'];
export const fields = (...more: Field[]) => headers(1, [...echoFields, ...more]);
export const lost = (code: string) => [`GoAway ${code}`];
export const reset = (code: string) => [`RstStream 1 ${code}`];

/** The bytes of a client, and the frames that it gets, in words. */
export type ServerRow = readonly [title: string, bytes: readonly Buffer[], want: readonly string[]];
