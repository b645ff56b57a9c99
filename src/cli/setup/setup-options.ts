import { readFileSync } from 'node:fs';
import type { PlanOptions } from '../../setup/node-plan.ts';
import { type Choice, knownRuntimes } from '../../setup/primary.ts';
import type { Invocation } from '../grammar/command-row.ts';
import { UsageError } from '../grammar/usage-error.ts';

export type Values = Invocation['values'];

/** The value of an option that has a default. */
export function textOf(values: Values, name: string): string {
  return String(values[name] ?? '');
}

/** In ms. Throws a UsageError. */
export function readSeconds(name: 'patience' | 'settle' | 'interval', values: Values): number {
  const seconds = Number(values[name]);
  if (!(seconds > 0 && seconds <= 600))
    throw new UsageError(`setup: flag --${name}: "${values[name]}": give seconds, up to 600`);
  return seconds * 1000;
}

function readPrimary(values: Values): Choice {
  const primary = textOf(values, 'primary');
  if (primary !== 'detect' && !(primary in knownRuntimes))
    throw new UsageError(
      `setup: flag --primary: "${primary}": one of detect, ${Object.keys(knownRuntimes).join(', ')}`,
    );
  return primary as Choice;
}

function readOther(values: Values): string | undefined {
  const other = values['other'] === undefined ? undefined : textOf(values, 'other');
  for (const one of (other ?? '').split(',').map(part => part.trim()))
    if (one !== '' && !/^[^:/\s]+:(unix:\/\/)?\/\S+$/.test(one))
      throw new UsageError(`setup: flag --other: "${one}": write each runtime as id:/path/of/socket`);
  return other;
}

async function readConfig(values: Values): Promise<string | undefined> {
  const file = values['config'];
  if (typeof file !== 'string') return undefined;
  const { checkConfig } = await import('../../config/check-config.ts');
  await checkConfig(file);
  return readFileSync(file, 'utf8');
}

/** The runtimes that somebody wants on this node. Rejects with a UsageError. */
export async function readChoice(values: Values): Promise<Required<Omit<PlanOptions, 'areAnswers'>>> {
  return {
    primary: readPrimary(values),
    other: readOther(values),
    listen: textOf(values, 'listen'),
    config: await readConfig(values),
  };
}
