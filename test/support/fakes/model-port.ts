import type { Package } from '../facts.ts';
import { AnswerFaults } from './answer-faults.ts';
import { FakePort } from './fake-port.ts';
import { ModelAnswers } from './model-answers.ts';
import { PodModel, type PodState } from './pod-model.ts';

/** `name`: the name of the runtime itself, whatever its id; `state`: its pods and containers, which ports may share. */
export interface ModelOptions {
  readonly packages?: readonly Package[];
  readonly state?: PodState;
  readonly name?: string;
}

/** A runtime that keeps pods, containers and images, without a socket, with faults to switch on. It is down at first. */
export class ModelPort extends FakePort {
  readonly model: PodModel;
  readonly parts: ModelAnswers;
  readonly faults: AnswerFaults;

  constructor(id: string, { packages = ['runtime.v1'], state, name = id || 'primary' }: ModelOptions = {}) {
    const model = new PodModel(name, state);
    const parts = new ModelAnswers(model);
    const faults = new AnswerFaults(parts, () => this.goDown('died before it could answer'));
    const greet = (pkg: Package) => [pkg, parts.handle(pkg, 'Version', Buffer.alloc(0))] as const;
    super(id, faults, { packages, state: 'down', versions: served => new Map(served.map(greet)) });
    this.model = model;
    this.parts = parts;
    this.faults = faults;
  }
}
