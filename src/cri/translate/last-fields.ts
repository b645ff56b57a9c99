import type { Kind } from '../tables/messages.ts';

/**
 * Fields that a rewrite may have to add to a message that came without them, one a message at most. When their kind is
 * wanted they are looked at as the end of the whole message, not where they are in it.
 */
export const lastFields: Readonly<Record<string, { readonly field: string; readonly kind: Kind }>> = {
  PodSandbox: { field: 'runtime_handler', kind: 'podHandler' },
  PodSandboxStatus: { field: 'runtime_handler', kind: 'podHandler' },
  Image: { field: 'pinned', kind: 'pinned' },
};
