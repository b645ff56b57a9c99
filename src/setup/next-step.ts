import type { Kubelet, KubeletView } from './kubelet.ts';
import { describeEdit, planKubelet } from './plan.ts';
import { SetupError } from './setup-error.ts';
import type { Tree } from './tree.ts';

/** What leads a kubelet to an endpoint. */
export interface NextStep {
  /** A command, or what a person must do where apply cannot. */
  readonly toDo: string;
  /** The settings that the command makes: the file of each, and what it gets. */
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
