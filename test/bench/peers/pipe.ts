import { connect, createServer } from 'node:net';

/**
 * The least work that a process on Node in between can do: `pipe.ts LISTEN CONNECT` hands bytes on as they come, without a look at
 * them. The further cost of a proxy is its own.
 */
const [listen, target] = process.argv.slice(2) as [string, string];

createServer(near => {
  const far = connect(target);
  near.on('data', chunk => far.write(chunk)).on('error', () => far.destroy());
  far.on('data', chunk => near.write(chunk)).on('error', () => near.destroy());
  near.on('close', () => far.destroy());
  far.on('close', () => near.destroy());
}).listen(listen);
