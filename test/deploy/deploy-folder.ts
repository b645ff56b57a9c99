import { resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');

/** The manifests. */
export const deploy = resolve(root, 'deploy');
