import type { Logger } from '../base/logger.ts';
import { stackLine } from '../base/own-fault.ts';

/** EX_SOFTWARE of sysexits(3), which systemd shows by its name. */
const SOFTWARE = 70;

/**
 * Resolves with the exit status after the first exception or rejection that nothing has caught, which is in the log then. It can have
 * left anything half done, so the process must end: systemd starts it again, and its knowledge is on the disk.
 */
export function uncaughtFault(log: Logger): Promise<number> {
  return new Promise(resolve => {
    process.on('uncaughtException', fault => {
      log.error(`a fault of criproxy ends the process; please report it, with this stack: ${stackLine(fault)}`);
      resolve(SOFTWARE);
    });
  });
}
