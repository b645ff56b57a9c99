import { test } from 'tap';
import type { Plan } from '../peers/plan.ts';
import { nodeAnswers } from './node-answers.ts';
import { makePlan } from './node-plan.ts';
import { populationOf } from './population.ts';
import { recordedLoad } from './recorded-load.ts';

/** The recorded node, with 20 pods: calls a minute, and mean bytes of a request and of the answer of both runtimes together. */
const recorded: readonly (readonly [method: string, calls: number, request: number, answer: number])[] = [
  ['ExecSync', 421, 80, 0],
  ['ContainerStatus', 132, 68, 970],
  ['ListContainers', 102, 3, 20_693],
  ['ListPodSandbox', 96, 2, 8895],
  ['Version', 39, 7, 38],
  // The recorded answer of 174 had a condition of the second runtime, which criproxy adds.
  ['Status', 12, 0, 86],
  ['ReopenContainerLog', 12, 68, 0],
  ['ImageFsInfo', 6, 0, 192],
  ['ListContainerStats', 6, 2, 18_801],
];

const population = populationOf(20);
const plan = makePlan(recordedLoad, population, 60_000);

const isOf = (path: string, method: string) => path.endsWith(`/${method}`);

function requests(method: string, of: Plan): Buffer[] {
  const made = of.entries.map(([, call]) => of.calls[call]!).filter(({ path }) => isOf(path, method));
  return made.map(({ request }) => Buffer.from(request, 'base64'));
}

const answers = population.halves.map(nodeAnswers);

/** The size of both runtimes' answers together; a method that one of them answers alone is asked of the first. */
function answerSize(method: string): number {
  const of = recordedLoad.find(row => row.method === method)!.of;
  let size = 0;
  for (const runtime of of === 'item' || of === 'primary' ? answers.slice(0, 1) : answers) {
    const [, answer] = Object.entries(runtime).find(([path]) => isOf(path, method))!;
    size += answer.messages[0]!.length;
  }
  return size;
}

for (const [method, calls, request, answer] of recorded) {
  test(`${method} is asked and answered as on the recorded node`, async t => {
    const made = requests(method, plan);
    const mean = made.reduce((sum, { length }) => sum + length, 0) / made.length;
    t.ok(Math.abs(made.length / calls - 1) < 0.15, `${made.length} calls a minute, recorded ${calls}`);
    t.ok(Math.abs(mean - request) <= 3, `requests of ${mean} bytes, recorded ${request}`);
    const size = answerSize(method);
    t.ok(Math.abs(size - answer) <= 0.05 * answer + 2, `answers of ${size} bytes, recorded ${answer}`);
  });
}

test('a node of more pods asks more where each has its calls, and the same where the node has', async t => {
  const large = makePlan(recordedLoad, populationOf(200), 60_000);
  const grown = (method: string) => requests(method, large).length / requests(method, plan).length;
  t.ok(Math.abs(grown('ExecSync') - 10) < 0.2, `ExecSync ${grown('ExecSync')}`);
  t.ok(Math.abs(grown('ContainerStatus') - 10) < 0.2, `ContainerStatus ${grown('ContainerStatus')}`);
  t.equal(grown('ListContainers'), 1);
});

test('calls come in order, and calls for a container go to its runtime', async t => {
  const times = plan.entries.map(([at]) => at);
  t.same(
    times,
    times.toSorted((one, other) => one - other),
  );
  const prefixed = requests('ExecSync', plan).filter(request => request.includes('b__'));
  t.ok(Math.abs(prefixed.length / requests('ExecSync', plan).length - 0.5) < 0.05, `${prefixed.length} to the second`);
});

test('the plan holds the stream of events open', async t => {
  t.equal(plan.stream, '/runtime.v1.RuntimeService/GetContainerEvents');
});
