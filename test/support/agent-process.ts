import { basename, dirname } from 'node:path';
import { connect } from './cri-client.ts';

/** A question of the test: one call. */
export interface AgentQuestion {
  readonly number: number;
  readonly method: string;
  readonly request: object;
}

export interface AgentAnswer {
  readonly number: number;
  readonly code: number;
  readonly details: string;
  readonly response: unknown;
}

/**
 * A client of a socket that is no root: `SOCKET UID GROUP...`, the first group is its own. It answers the questions of the process that
 * has forked it, and ends with it.
 */
const [socket, uid, ...groups] = process.argv.slice(2);
// The folder may be one that only root can get to by its path, as in the root of another process.
process.chdir(dirname(socket!));
const client = connect(basename(socket!));
const ids = groups.map(Number);
process.setgroups!(ids.slice(1));
process.setgid!(ids[0]!);
process.setuid!(Number(uid));
process.on('disconnect', () => process.exit());
process.on('message', ({ number, method, request }: AgentQuestion) => {
  void client.ask(method, request).then(({ code, details, response }) => {
    process.send!({ number, code, details, response } satisfies AgentAnswer);
  });
});
