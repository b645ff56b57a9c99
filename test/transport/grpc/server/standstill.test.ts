import t from 'tap';
import { Standstill } from '../../../../src/transport/grpc/server/standstill.ts';

t.test('the time since a number has changed', async t => {
  const standstill = new Standstill(1000);
  const looks: ReadonlyArray<readonly [mark: number, now: number, time: number]> = [
    [-1, 1100, 0],
    [5, 1200, 0],
    [5, 1300, 100],
    [5, 1500, 300],
    [6, 1600, 0],
    [6, 1700, 100],
    [-1, 1800, 0],
    [-1, 1900, 0],
    [6, 2000, 0],
  ];
  for (const [mark, now, time] of looks) t.equal(standstill.look(mark, now), time, `${mark} at ${now}`);
});
