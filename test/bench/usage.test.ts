import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'tap';
import { cpuTime, machineCpuTime, proportionalMemory, residentMemory, usageOf } from './usage.ts';

/** Occupies a CPU for so many ms of its time. */
function burn(ms: number): void {
  const start = process.cpuUsage();
  for (let used = start; used.user - start.user + used.system - start.system < ms * 1000; ) used = process.cpuUsage();
}

test('CPU time is the time that the process has used', async t => {
  const before = cpuTime(process.pid);
  burn(200);
  const used = (cpuTime(process.pid) - before) / 1000;
  t.ok(used > 150 && used < 2000, `${used.toFixed(0)} ms of 200`);
});

test('the CPU time of the machine includes that of its processes', async t => {
  const before = machineCpuTime();
  burn(200);
  const used = (machineCpuTime() - before) / 1000;
  t.ok(used > 100, `${used.toFixed(0)} ms`);
});

test('each wait is a wake-up', async t => {
  const before = usageOf(process.pid).wakeUps;
  for (let waits = 0; waits < 20; waits++) await sleep(2);
  const woken = usageOf(process.pid).wakeUps - before;
  t.ok(woken >= 20, `${woken} wake-ups in 20 waits`);
});

test('bytes are counted that are written', async t => {
  const file = `${t.testdir()}/written`;
  const before = usageOf(process.pid).written;
  writeFileSync(file, Buffer.alloc(1 << 20), { flush: true });
  const written = usageOf(process.pid).written - before;
  t.ok(written === 0 || written >= 1 << 20, `${written} bytes; none on a file system in memory`);
});

test('the proportional part of memory is a part of it', async t => {
  const [part, whole] = [proportionalMemory(process.pid), residentMemory(process.pid)];
  t.ok(part > 10 && part <= whole * 1.2, `${part.toFixed(1)} of ${whole.toFixed(1)} MiB`);
});
