/** `skip`: the check could not be made. */
export type Severity = 'ok' | 'warn' | 'fail' | 'skip';

/** What a check has found. */
export interface Finding {
  /** What was checked, as `kubelet-endpoint`; stable, for scripts. */
  readonly check: string;
  readonly severity: Severity;
  /** What is so. */
  readonly what: string;
  /** What follows from it, for pods and people. */
  readonly means: string;
  /** Commands that mend it, one a line; empty where nothing is to be mended. */
  readonly mend: readonly string[];
  /** Of interest only to who asks for all: nothing needs to be done, and perhaps nothing ever will. */
  readonly isAside?: true;
}

export function ok(check: string, what: string, means: string): Finding {
  return { check, severity: 'ok', what, means, mend: [] };
}

/** What is so and no fault, for who asks for all. */
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
