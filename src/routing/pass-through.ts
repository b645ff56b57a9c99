import type { Method } from '../base/call.ts';
import type { Logger } from '../base/logger.ts';
import { laterStream, withMessages } from '../base/reply-stream.ts';
import { whenUp } from './asking/availability.ts';
import { failed } from './asking/failed.ts';
import type { Runtime } from './port/runtime.ts';

/**
 * A method that has no row, of CRI or of another service, as the primary serves it: messages and metadata unchanged, however
 * many go either way. Tomorrow's CRI works so before its rows are written, for pods of the primary.
 */
export function passThrough(path: string, primary: Runtime, wait: number, log: Logger): Method {
  return {
    kind: 'stream',
    handle(requests, options) {
      if (log.enabled(3)) {
        const text = `${path} is no method that criproxy knows: the primary runtime gets it`;
        log.info(3, text, undefined, { call: options.watched, method: path, runtime: primary.id });
      }
      const reply =
        primary.state.kind === 'up'
          ? primary.stream(path, requests, options)
          : laterStream(whenUp(primary, wait, options).then(() => primary.stream(path, requests, options)));
      return withMessages(reply, async function* () {
        try {
          yield* reply;
        } catch (fault) {
          throw failed(log, path, fault, options);
        }
      });
    },
  };
}
