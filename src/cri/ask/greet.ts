import type { Calls } from '../../base/call.ts';
import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { ownCall } from '../../base/own-call.ts';
import { type Greeting, readGreeting, versionPath, versionRequest } from '../read/greeting.ts';
import { type Package, packages } from '../translate/packages.ts';

/** How long a runtime may take to answer Version, in ms; a busy one at start-up does. */
const VERSION_TIMEOUT = 10_000;

/**
 * Asks a runtime for its Version in every CRI API package. Unimplemented means that it does not serve the package; any other failure
 * rejects, because the served packages are not known then.
 */
export async function greet(calls: Pick<Calls, 'call'>, timeout = VERSION_TIMEOUT): Promise<Greeting> {
  const answers = new Map<Package, Buffer>();
  await Promise.all(
    packages.map(async each => {
      const answer = await askVersion(calls, each, timeout);
      if (answer !== undefined) answers.set(each, answer);
    }),
  );
  const greeting = readGreeting(answers);
  if (greeting === undefined)
    throw new Error('it serves no CRI API package; is this the socket of a container runtime?');
  return greeting;
}

async function askVersion(calls: Pick<Calls, 'call'>, of: Package, timeout: number): Promise<Buffer | undefined> {
  try {
    return (await calls.call(versionPath(of), versionRequest, ownCall(timeout))).message;
  } catch (fault) {
    const error = ProxyError.from(fault);
    if (error.code === Code.Unimplemented) return undefined;
    throw new Error(`Version (${of}): ${error.message}`, { cause: fault });
  }
}
