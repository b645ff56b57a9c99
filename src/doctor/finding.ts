/** `skip`: the check could not be made. */
export type Severity = 'ok' | 'warn' | 'fail' | 'skip';

/** The result of a check. */
export interface Finding {
  /** The name of the check, as `kubelet-endpoint`; stable, for scripts. */
  readonly check: string;
  readonly severity: Severity;
  /** The observed fact. */
  readonly what: string;
  /** The consequence for pods and users. */
  readonly means: string;
  /** Commands that mend it, one a line; empty if nothing needs to be mended. */
  readonly mend: readonly string[];
  /** Shown with all findings only: nothing needs to be done. */
  readonly isAside?: true;
}

export function ok(check: string, what: string, means: string): Finding {
  return { check, severity: 'ok', what, means, mend: [] };
}

/** A fact that is no fault, shown with all findings only. */
export function aside(check: string, what: string, means: string): Finding {
  return { ...ok(check, what, means), isAside: true };
}

export function warn(check: string, what: string, means: string, ...mend: readonly string[]): Finding {
  return { check, severity: 'warn', what, means, mend };
}

export function fail(check: string, what: string, means: string, ...mend: readonly string[]): Finding {
  return { check, severity: 'fail', what, means, mend };
}

export function skip(check: string, what: string, means: string, ...mend: readonly string[]): Finding {
  return { check, severity: 'skip', what, means, mend };
}
