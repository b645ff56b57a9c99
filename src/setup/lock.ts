import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { failed } from './setup-error.ts';

/** flock(1): another process has the lock. */
const TAKEN = 1;

/**
 * Takes an advisory lock on a file, and resolves with a function that gives it back. A child of flock(1) holds it until its standard
 * input ends, which it does with this process too, however that ends. Throws a SetupError if another process has it.
 */
export async function takeLock(file: string): Promise<() => void> {
  const child = spawn('flock', ['-n', file, 'sh', '-c', 'echo taken; exec cat > /dev/null'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', text => {
    said += text;
  });
  child.stdin.on('error', () => {}); // it has ended, and the lock is free
  const ended = once(child, 'close') as Promise<[number | null]>;
  const [status] = await Promise.race([once(child.stdout, 'data').then(() => [undefined]), ended]);
  if (status === undefined) {
    child.unref();
    return () => void child.stdin.end();
  }
  if (status === TAKEN)
    throw failed(file, 'another criproxy setup changes this node now', 'wait until it has ended, then try again');
  throw failed(file, `the lock cannot be taken: ${said.trim()}`, 'see that the file can be written');
}
