/** The wanted state of a node. `look`: the node stays as it is, and is only asked whether it could be put on criproxy. */
export const states = ['present', 'absent', 'look'] as const;

export type State = (typeof states)[number];
