/** A fault of the command line or the configuration file: a line names the place, the value and the remedy. Exit status 2. */
export class UsageError extends Error {}
