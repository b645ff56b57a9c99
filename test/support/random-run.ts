import { Random } from '../transport/support/random.ts';

/**
 * The random source and the rounds of a test: seed 7 and `rounds`, or CRIPROXY_RANDOM=SEED:ROUNDS. `name`, which a test prints,
 * has the values that repeat a failure.
 */
export function randomRun(rounds: number): { readonly random: Random; readonly rounds: number; readonly name: string } {
  const [seed = 7, count = rounds] = process.env['CRIPROXY_RANDOM']?.split(':').map(Number) ?? [];
  return { random: new Random(seed), rounds: count, name: `CRIPROXY_RANDOM=${seed}:${count}` };
}
