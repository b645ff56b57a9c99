import type { Runtime } from './runtime.ts';

/** A row of `-handlers`: a RuntimeClass handler, the id of its runtime, and the runtime's own name for it. */
export interface HandlerRow {
  readonly name: string;
  /** Empty for the primary. */
  readonly runtime: string;
  /** Empty for the runtime's default. */
  readonly handler: string;
}

/** The runtime of a handler, and the runtime's own name for it. */
export interface HandlerRoute {
  readonly runtime: Runtime;
  readonly handler: string;
}

/**
 * The clients' names for runtime handlers: the names in the rows, and the id of each secondary for its default handler. A name that
 * is not in the table does not choose a runtime, and is the same in all runtimes.
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

  /** Whether any name leads to this runtime, so that its own names for handlers are not the clients' names. */
  renames(runtime: Runtime): boolean {
    return this.names.has(runtime);
  }

  /** The client's name for a runtime's own handler; the own name if the table has none. */
  nameOf(runtime: Runtime, handler: string): string {
    return this.names.get(runtime)?.get(handler) ?? handler;
  }

  /** The table's rows for this runtime: the client's name, and the runtime's own. */
  namesOf(runtime: Runtime): Array<readonly [name: string, handler: string]> {
    return [...this.routes].flatMap(([name, route]) =>
      route.runtime === runtime ? [[name, route.handler] as const] : [],
    );
  }
}
