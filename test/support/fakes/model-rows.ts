import { methods } from '../facts.ts';
import { answerWith } from '../fake-runtime.ts';
import type { PodModel } from './pod-model.ts';

/** The unary answers of a model, as the rows of a fake runtime on a socket. */
export function modelRows(model: PodModel): Record<string, ReturnType<typeof answerWith>> {
  const answer = (method: string) =>
    answerWith(request => {
      const response = model.handle(method, request);
      if (response === undefined) throw { code: 12, message: `no ${method}` };
      return response;
    });
  const unary = methods.filter(({ serverStream }) => !serverStream);
  return Object.fromEntries(unary.map(({ method }) => [method, answer(method)]));
}
