import type { Runtime } from './runtime.ts';

/** A row of `-handlers`: a RuntimeClass handler, the id of the runtime that it is for, and what that calls it. */
export interface HandlerRow {
  readonly name: string;
  /** Empty for the primary. */
  readonly runtime: string;
  /** Empty for the runtime's default. */
  readonly handler: string;
}

/** Where a handler leads, and what it is called there. */
export interface HandlerRoute {
  readonly runtime: Runtime;
  readonly handler: string;
}

/**
 * The names that clients have for runtime handlers: those of the rows, and the id of each runtime but the primary for its
 * default handler. A name that is not in the table says nothing of the runtime, and is the same in all of them.
 */
export class Handlers {
  private readonly routes = new Map<string, HandlerRoute>();
  private readonly names = new Map<Runtime, Map<string, string>>();

  /** Rows name runtimes of `runtimes`, each name once. */
  constructor(runtimes: readonly Runtime[], rows: readonly HandlerRow[]) {
    const byId = new Map(runtimes.map(runtime => [runtime.id, runtime]));
    for (const { name, runtime, handler } of rows) this.add(name, byId.get(runtime)!, handler);
    for (const runtime of runtimes) {
      if (runtime.id !== '' && !this.routes.has(runtime.id)) this.add(runtime.id, runtime, '');
    }
  }

  private add(name: string, runtime: Runtime, handler: string): void {
    this.routes.set(name, { runtime, handler });
    const names = this.names.get(runtime) ?? new Map<string, string>();
    this.names.set(runtime, names);
    if (!names.has(handler)) names.set(handler, name);
  }

  /** Undefined for a name that is not in the table. */
  route(name: string): HandlerRoute | undefined {
    return this.routes.get(name);
  }

  /** Whether any name leads to this runtime, so that what it calls its handlers is not what clients call them. */
  renames(runtime: Runtime): boolean {
    return this.names.has(runtime);
  }

  /** A name by which a client can ask for a runtime's own handler; its own name where there is none. */
  nameOf(runtime: Runtime, handler: string): string {
    return this.names.get(runtime)?.get(handler) ?? handler;
  }

  /** The table's rows for this runtime: name, and what it is called there. */
  namesOf(runtime: Runtime): Array<readonly [name: string, handler: string]> {
    return [...this.routes].flatMap(([name, route]) =>
      route.runtime === runtime ? [[name, route.handler] as const] : [],
    );
  }
}
