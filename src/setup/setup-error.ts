/**
 * The reason why the set-up left a node alone. `kind`: `strange` for a setting that it does not understand and that a person can change
 * by hand, `failed` for a step that did not work, with all before it taken back, `halfway` where taking it back did not work either.
 * `saw` is the observed fact, `remedy` the next step for a person.
 */
export class SetupError extends Error {
  readonly kind: 'strange' | 'failed' | 'halfway';
  readonly where: string;
  readonly saw: string;
  readonly remedy: string;

  constructor(kind: SetupError['kind'], where: string, saw: string, remedy: string) {
    super(`${where}: ${saw}`);
    this.name = 'SetupError';
    this.kind = kind;
    this.where = where;
    this.saw = saw;
    this.remedy = remedy;
  }
}

/** Something that the set-up does not understand: nothing is changed because of it. */
export function strange(where: string, saw: string, remedy: string): SetupError {
  return new SetupError('strange', where, saw, remedy);
}

export function failed(where: string, saw: string, remedy: string): SetupError {
  return new SetupError('failed', where, saw, remedy);
}
