import { readFile } from 'node:fs/promises';
import { SocketFileError } from '../transport/sockets/socket-file.ts';

/** The id of a group by its name in /etc/group, or by its number. Rejects with a SocketFileError. */
export async function groupId(group: string, file = '/etc/group'): Promise<number> {
  if (/^\d{1,10}$/.test(group)) return Number(group);
  const text = await readFile(file, 'utf8').catch((fault: Error) => {
    throw new SocketFileError(`the group "${group}" cannot be looked up: ${fault.message}`);
  });
  const fields = text.split('\n').map(line => line.split(':'));
  const id = fields.find(([name]) => name === group)?.[2];
  if (id !== undefined && /^\d+$/.test(id)) return Number(id);
  throw new SocketFileError(`there is no group "${group}" in ${file}; make it (groupadd ${group}), or give its number`);
}
