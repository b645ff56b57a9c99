import { writeFileSync } from 'node:fs';

/**
 * Gives the process the program's name, by which pgrep, pidof and killall look for it: Node.js calls its main thread, and so
 * the process, MainThread. Not by `process.title`, which overwrites the arguments that ps shows (libuv, uv_set_process_title).
 */
export function nameProcess(name: string): void {
  try {
    writeFileSync('/proc/self/comm', name);
  } catch {
    // Without /proc no tool looks for a process by its name.
  }
}
