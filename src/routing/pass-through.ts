import type { Method } from '../base/call.ts';
import { Level } from '../base/log-level.ts';
import type { Logger } from '../base/logger.ts';
import { laterStream, withMessages } from '../base/reply-stream.ts';
import { whenUp } from './asking/availability.ts';
import { failed } from './asking/failed.ts';
import { waitingForFirst } from './asking/waiting.ts';
import type { Runtime } from './port/runtime.ts';

/**
 * A method without a row, of CRI or of another service, as the primary serves it: messages and metadata unchanged, any number in either
 * direction. So new CRI methods work for pods of the primary before their rows are written.
 */
export function passThrough(path: string, primary: Runtime, wait: number, log: Logger): Method {
  return {
    kind: 'stream',
    handle(requests, options) {
      if (log.enabled(Level.Change)) {
        const text = `criproxy does not know the method ${path}, and sends its calls to the primary runtime`;
        log.info(Level.Change, text, undefined, { call: options.watched, method: path, runtime: primary.id });
      }
      const reply =
        primary.state.kind === 'up'
          ? primary.stream(path, requests, options)
          : laterStream(whenUp(primary, wait, options).then(() => primary.stream(path, requests, options)));
      return withMessages(reply, async function* () {
        try {
          yield* waitingForFirst(primary, path, options, reply);
        } catch (fault) {
          throw failed(log, path, fault, options);
        }
      });
    },
  };
}
