/**
 * Has SIGUSR1 do nothing. Node.js opens a debugger's port at it, on 127.0.0.1 and without a password, by which every user of the node
 * could run code as root; pkg's Node.js does nothing about it, and the signal ends the process.
 */
export function ignoreDebugSignal(): void {
  process.on('SIGUSR1', () => {});
}
