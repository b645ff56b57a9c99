import { Document, type Scalar } from 'yaml';
import type { Config } from './config.ts';
import { configScalars } from './config-scalars.ts';
import type { Settings } from './setting.ts';

type Path = readonly (string | number)[];

/** The effective configuration as a configuration file, with where each value comes from behind it. */
export function showConfig(config: Config, settings: Settings): string {
  const sources: Array<readonly [path: Path, source: string]> = [];
  const note = <T>(path: Path, value: T, source: string): T => {
    sources.push([path, source]);
    return value;
  };
  // Only an empty -stateDir says something: nowhere.
  const given = configScalars.filter(({ flag }) => flag === 'stateDir' || settings.of(flag).text !== '');
  const scalars = given.map(({ key, flag, read }) => {
    const { text, source } = settings.of(flag);
    return [key, note([key], read(text), source)] as const;
  });
  const pinSource = settings.of('pin');
  const shared = config.pins.filter(pin => pin.runtime === undefined);
  const content = {
    ...Object.fromEntries(scalars),
    ...(shared.length > 0 && {
      pins: shared.map(({ glob }, at) => note(['pins', at], glob, pinSource.sourceOf(glob))),
    }),
    runtimes: config.runtimes.map((_, index) => showRuntime(config, settings, index, note)),
  };
  const document = new Document(content);
  for (const [path, source] of sources) {
    const node = document.getIn(path, true) as Scalar | undefined;
    if (node !== undefined) node.comment = ` ${source}`;
  }
  return document.toString({ lineWidth: 0 });
}

function showRuntime(
  config: Config,
  settings: Settings,
  index: number,
  note: <T>(path: Path, value: T, source: string) => T,
): object {
  const { id, path } = config.runtimes[index]!;
  const at = ['runtimes', index];
  const connect = settings.of('connect');
  const source = connect.sourceOf(connect.text.split(',')[index]!);
  const rows = config.handlers.filter(row => row.runtime === id);
  const pins = config.pins.filter(pin => pin.runtime === id);
  const extras = settings.extras.find(each => each.id === id);
  const aliases = extras?.annotations ?? [];
  const labels = Object.entries(extras?.labels ?? {});
  const timeout = config.listTimeouts.get(id);
  const handlerSource = (name: string, handler: string) =>
    settings.of('handlers').sourceOf(`${name}=${id}${handler === '' ? '' : `:${handler}`}`);
  return {
    ...(id !== '' && { id: note([...at, 'id'], id, source) }),
    socket: note([...at, 'socket'], path, source),
    ...(rows.length > 0 && {
      handlers: Object.fromEntries(
        rows.map(({ name, handler }) => [name, note([...at, 'handlers', name], handler, handlerSource(name, handler))]),
      ),
    }),
    ...(aliases.length > 0 && {
      annotations: aliases.map((each, n) => note([...at, 'annotations', n], each, extras!.sourceOf('annotations'))),
    }),
    ...(pins.length > 0 && {
      pins: pins.map(({ glob }, n) => note([...at, 'pins', n], glob, settings.of('pin').sourceOf(`${id}=${glob}`))),
    }),
    ...(timeout !== undefined && {
      listTimeout: note([...at, 'listTimeout'], `${timeout}ms`, extras!.sourceOf('listTimeout')),
    }),
    ...(labels.length > 0 && {
      labels: Object.fromEntries(
        labels.map(([key, text]) => [key, note([...at, 'labels', key], text, extras!.sourceOf('labels'))]),
      ),
    }),
  };
}
