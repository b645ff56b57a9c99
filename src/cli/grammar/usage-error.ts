/** Something wrong with the command line: one line that names the flag, its value and the remedy. Exit status 2. */
export class UsageError extends Error {}
