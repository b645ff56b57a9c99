import type { Kubelet, KubeletView } from './kubelet.ts';
import { describeEdit, planKubelet } from './plan.ts';
import { SetupError } from './setup-error.ts';
import type { Tree } from './tree.ts';

/** The way to lead a kubelet to an endpoint. */
export interface NextStep {
  /** A command, or the steps for a person if apply cannot do it. */
  readonly toDo: string;
  /** The settings that the command makes: the file of each, and its new value. */
  readonly settings: readonly string[];
}

/** Reads the node, and changes nothing. */
export function findNextStep(tree: Tree, kubelet: Kubelet, endpoint: string, view: KubeletView): NextStep {
  try {
    const edits = planKubelet(tree, kubelet, endpoint, view);
    return { toDo: 'criproxy setup apply', settings: edits.map(edit => `${edit.file}: ${describeEdit(edit)}`) };
  } catch (fault) {
    if (!(fault instanceof SetupError)) throw fault;
    return { toDo: `${fault.where}: ${fault.saw}: ${fault.remedy}`, settings: [] };
  }
}
