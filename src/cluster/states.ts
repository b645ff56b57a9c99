/** What a node is to have of criproxy. `look`: what it has; only whether it could be put on is looked at. */
export const states = ['present', 'absent', 'look'] as const;

export type State = (typeof states)[number];
