import { test } from 'tap';
import { dashboardSvg, formatValue, type Panel } from './panel-svg.ts';

const values = [
  { value: 0, unit: 's', text: '0 s' },
  { value: 0.0012, unit: 's', text: '1.2 ms' },
  { value: 12, unit: 's', text: '12 s' },
  { value: 0.051, unit: 'percentunit', text: '5.1%' },
  { value: 32.16, unit: 'reqps', text: '32.2/s' },
  { value: 512, unit: 'bytes', text: '512 B' },
  { value: 80 * 1024 * 1024, unit: 'bytes', text: '80 MiB' },
  { value: 2048, unit: 'Bps', text: '2 KiB/s' },
  { value: 3, unit: undefined, text: '3' },
];

for (const { value, unit, text } of values) {
  test(`${value} ${unit ?? ''} is ${text}`, async t => {
    t.equal(formatValue(value, unit), text);
  });
}

const grid = { x: 0, y: 0, w: 8, h: 8 };
const panel: Panel = { title: 'a & b', type: 'timeseries', unit: 's', grid, series: [] };

test('a panel without series says so', async t => {
  const picture = dashboardSvg('all', [panel], 0, 10);
  t.match(picture, 'No data');
  t.match(picture, 'a &amp; b');
});

test('a series is a line from its first to its last time', async t => {
  const series = [
    {
      name: 'x',
      points: [
        [0, 0],
        [10, 1],
      ] as const,
    },
  ];
  const points = /points="([^"]*)"/.exec(dashboardSvg('all', [{ ...panel, series }], 0, 10))![1]!;
  const [first, last] = points.split(' ').map(point => point.split(',').map(Number));
  t.ok(first![0]! < last![0]!);
  t.ok(first![1]! > last![1]!, 'more is further up');
});
