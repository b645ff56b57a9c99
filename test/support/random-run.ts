import { Random } from '../transport/support/random.ts';

/**
 * How random messages are made: with the seed 7 and so many rounds, or as CRIPROXY_RANDOM=SEED:ROUNDS says. `name`, which a test prints,
 * has what a failure is repeated with.
 */
export function randomRun(rounds: number): { readonly random: Random; readonly rounds: number; readonly name: string } {
  const [seed = 7, count = rounds] = process.env['CRIPROXY_RANDOM']?.split(':').map(Number) ?? [];
  return { random: new Random(seed), rounds: count, name: `CRIPROXY_RANDOM=${seed}:${count}` };
}
