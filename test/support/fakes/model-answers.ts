import type { Reply } from '../../../src/base/call.ts';
import { Code } from '../../../src/base/codes.ts';
import { ProxyError } from '../../../src/base/error.ts';
import { criTypes, type Message } from '../cri-types.ts';
import { methodFact, type Package } from '../facts.ts';
import { EventFeed } from './event-feed.ts';
import type { Answerer, Asked, Messages } from './fake-port.ts';
import { PodModel } from './pod-model.ts';

/** The answers of a PodModel as bytes, in the package of the call; streamed lists and events too. */
export class ModelAnswers implements Answerer {
  /** Items in one message of a streamed list. */
  chunk = 2;
  private readonly model: PodModel;

  constructor(model: PodModel) {
    this.model = model;
  }

  async answer({ package: pkg, method, request }: Asked): Promise<Reply> {
    return { message: this.handle(pkg, method, request), headers: [], trailers: [] };
  }

  open({ package: pkg, method, request }: Asked): Messages {
    // Events count from the call on.
    const feed = method === 'GetContainerEvents' ? new EventFeed(this.model, pkg) : undefined;
    const messages = feed?.[Symbol.asyncIterator]() ?? this.parts(pkg, method, request);
    return {
      headers: Promise.resolve([]),
      trailers: [],
      next: () => messages.next(),
      return: () => {
        feed?.close();
        return messages.return(undefined);
      },
    };
  }

  /** Throws a ProxyError. */
  handle(pkg: Package, method: string, request: Buffer): Buffer {
    const fact = methodFact(method);
    try {
      const answer = this.model.handle(method, criTypes(pkg).decode(fact.request, request));
      if (answer === undefined) throw new ProxyError(Code.Unimplemented, `no ${method}`);
      return criTypes(pkg).encode(fact.response, inPackage(pkg, answer));
    } catch (fault) {
      if (fault instanceof Error) throw fault;
      const { code, message } = fault as { code: number; message: string };
      throw new ProxyError(code, message);
    }
  }

  private async *parts(pkg: Package, method: string, request: Buffer): AsyncGenerator<Buffer, undefined> {
    const unary = PodModel.unaryOf(method);
    if (unary === undefined) throw new ProxyError(Code.Unimplemented, `no ${method}`);
    const types = criTypes(pkg);
    const whole = types.decode(methodFact(unary).response, this.handle(pkg, unary, request));
    const items: Message[] = Object.values(whole)[0];
    const field = Object.keys(types.decode(methodFact(method).response, Buffer.alloc(0)))[0]!;
    for (let at = 0; at < items.length; at += this.chunk)
      yield types.encode(methodFact(method).response, { [field]: items.slice(at, at + this.chunk) });
  }
}

/** The answer without the fields that came after `runtime`. */
function inPackage(pkg: Package, answer: Message): Message {
  if (pkg === 'runtime.v1') return answer;
  const strip = ({ image_id: _, runtime_handler: __, ...rest }: Message): Message => rest;
  const lists = ['items', 'containers'].filter(field => answer[field] !== undefined);
  return { ...answer, ...Object.fromEntries(lists.map(field => [field, answer[field].map(strip)])) };
}
