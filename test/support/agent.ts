import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { AgentAnswer, AgentQuestion } from './agent-process.ts';
import type { Message } from './cri-types.ts';

/** Nobody, as far as the node knows. */
const UID = 65_534;

/** A client in a process of its own, without root's rights. */
export interface Agent {
  /** Never rejects for a status. A socket that may not be opened is Unavailable, with EACCES in the details. */
  ask(method: string, request?: object): Promise<Answer>;
  stop(): Promise<void>;
}

type Answer = AgentAnswer & { readonly response: Message };

/** An agent with these groups: the first is its own, the others are supplementary. */
export function startAgent(socket: string, groups: readonly number[]): Agent {
  const child = fork(join(import.meta.dirname, 'agent-process.ts'), [socket, String(UID), ...groups.map(String)], {
    serialization: 'advanced',
  });
  const waiting = new Map<number, PromiseWithResolvers<Answer>>();
  let last = 0;
  child.on('message', (answer: Answer) => waiting.get(answer.number)?.resolve(answer));
  child.once('exit', code => {
    for (const each of waiting.values()) each.reject(new Error(`the agent has ended with ${code}`));
  });
  return {
    ask(method, request = {}) {
      const question: AgentQuestion = { number: ++last, method, request };
      const answer = Promise.withResolvers<Answer>();
      waiting.set(question.number, answer);
      child.send(question);
      return answer.promise;
    },
    async stop() {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
