import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { type Greeting, readGreeting, versionPath, versionRequest } from '../../cri/read/greeting.ts';
import { type Package, packages } from '../../cri/translate/packages.ts';
import type { Session } from '../../transport/session.ts';

/** How long a runtime may take to answer Version, in ms; a busy one at start-up does. */
const VERSION_TIMEOUT = 10_000;

/**
 * Asks a runtime for its Version in every CRI API package. Unimplemented means that it does not serve the package; any other
 * failure rejects: what it serves is not known then.
 */
export async function greet(session: Session): Promise<Greeting> {
  const answers = new Map<Package, Buffer>();
  await Promise.all(
    packages.map(async each => {
      const answer = await askVersion(session, each);
      if (answer !== undefined) answers.set(each, answer);
    }),
  );
  const greeting = readGreeting(answers);
  if (greeting === undefined)
    throw new Error('it serves no CRI API package; is this the socket of a container runtime?');
  return greeting;
}

async function askVersion(session: Session, of: Package): Promise<Buffer | undefined> {
  const timeout = AbortSignal.timeout(VERSION_TIMEOUT);
  const options = { metadata: [], deadline: performance.now() + VERSION_TIMEOUT, signal: timeout };
  try {
    return (await session.call(versionPath(of), versionRequest, options)).message;
  } catch (fault) {
    const error = ProxyError.from(fault);
    if (error.code === Code.Unimplemented) return undefined;
    throw new Error(`Version (${of}): ${error.message}`, { cause: fault });
  }
}
