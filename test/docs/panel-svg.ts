/** One panel of a dashboard: its place in Grafana's grid of 24 columns, and its content. */
export interface Panel {
  readonly title: string;
  readonly type: string;
  readonly unit: string | undefined;
  readonly grid: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly series: readonly Series[];
}

export interface Series {
  readonly name: string;
  /** Times in s and values, in order; no value where there was none. */
  readonly points: ReadonlyArray<readonly [time: number, value: number]>;
}

const COLUMN = 40;
const ROW = 25;
const GAP = 6;
const palette = [
  '#73bf69',
  '#f2cc0c',
  '#8ab8ff',
  '#ff780a',
  '#f2495c',
  '#b877d9',
  '#5794f2',
  '#e0b400',
  '#96d98d',
  '#ffa6b0',
];

/** The panels as a picture, on a dark ground. `from` and `to`: the range of time of all panels, in s. */
export function dashboardSvg(title: string, panels: readonly Panel[], from: number, to: number): string {
  const height = Math.max(...panels.map(({ grid }) => grid.y + grid.h)) * ROW + 40;
  const width = 24 * COLUMN + 2 * GAP;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `  <title>${escapeXml(title)}</title>`,
    '  <style>text { font: 11px system-ui, "DejaVu Sans", sans-serif; fill: #ccccdc } .head { font-size: 13px; font-weight: 600 }</style>',
    `  <rect width="${width}" height="${height}" rx="8" fill="#111217"/>`,
    `  <text class="head" x="12" y="24">${escapeXml(title)}</text>`,
    ...panels.flatMap(panel => panelSvg(panel, from, to)),
    '</svg>',
    '',
  ].join('\n');
}

function panelSvg({ title, type, unit, grid, series }: Panel, from: number, to: number): string[] {
  const x = grid.x * COLUMN + GAP;
  const y = grid.y * ROW + 36;
  const w = grid.w * COLUMN - GAP;
  const h = grid.h * ROW - GAP;
  if (type === 'row') return [`  <text class="head" x="${x + 4}" y="${y + 14}">${escapeXml(title)}</text>`];
  const area = { x: x + 52, y: y + 26, w: w - 62, h: h - 26 - 14 * (Math.ceil(series.length / 3) + 1) };
  const frame = [
    `  <rect x="${x}" y="${y}" width="${w}" height="${h}" rx="3" fill="#181b1f" stroke="#2f3338"/>`,
    `  <text x="${x + 8}" y="${y + 16}" font-weight="600">${escapeXml(title)}</text>`,
  ];
  if (type === 'stat') {
    const last = series[0]?.points.at(-1)?.[1];
    const shown = last === undefined ? 'No data' : formatValue(last, unit);
    return [
      ...frame,
      `  <text x="${x + w / 2}" y="${y + h / 2 + 18}" text-anchor="middle" style="font-size: 26px; fill: #73bf69">${shown}</text>`,
    ];
  }
  if (series.length === 0)
    return [...frame, `  <text x="${x + w / 2}" y="${y + h / 2}" text-anchor="middle">No data</text>`];
  const body = type === 'state-timeline' ? states(series, area, from, to) : lines(series, unit, area, from, to);
  return [...frame, ...body];
}

interface Area {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

function lines(series: readonly Series[], unit: string | undefined, area: Area, from: number, to: number): string[] {
  const most = Math.max(...series.flatMap(({ points }) => points.map(([, value]) => value)), 0) * 1.1 || 1;
  const left = (time: number) => (area.x + ((time - from) / (to - from)) * area.w).toFixed(1);
  const top = (value: number) => (area.y + area.h - (value / most) * area.h).toFixed(1);
  const scale = [0, 0.5, 1].flatMap(part => [
    `  <line x1="${area.x}" x2="${area.x + area.w}" y1="${top(part * most)}" y2="${top(part * most)}" stroke="#2f3338"/>`,
    `  <text x="${area.x - 4}" y="${Number(top(part * most)) + 4}" text-anchor="end">${formatValue(part * most, unit)}</text>`,
  ]);
  const drawn = series.map(({ points }, index) => {
    const path = points.map(([time, value]) => `${left(time)},${top(value)}`).join(' ');
    return `  <polyline points="${path}" fill="none" stroke="${colourOf(index)}" stroke-width="1.5"/>`;
  });
  return [
    ...scale,
    ...drawn,
    ...legend(
      series.map(({ name }) => name),
      area,
    ),
  ];
}

/** Draws states: 1 is up, 0 down. */
function states(series: readonly Series[], area: Area, from: number, to: number): string[] {
  const height = Math.min(24, area.h / series.length - 8);
  return series.flatMap(({ name, points }, index) => {
    const y = area.y + index * (height + 20) + 14;
    const step = (area.w + 40) / Math.max(1, points.length);
    const bars = points.map(([time, value]) => {
      const x = area.x - 40 + ((time - from) / (to - from)) * (area.w + 40);
      return `  <rect x="${x.toFixed(1)}" y="${y}" width="${(step + 0.5).toFixed(1)}" height="${height}" fill="${value === 1 ? '#73bf69' : '#f2495c'}"/>`;
    });
    return [`  <text x="${area.x - 40}" y="${y - 4}">${escapeXml(name)}</text>`, ...bars];
  });
}

function legend(names: readonly string[], area: Area): string[] {
  const width = (area.w + 50) / 3;
  return names.flatMap((name, index) => {
    const x = area.x - 44 + (index % 3) * width;
    const y = area.y + area.h + 18 + Math.floor(index / 3) * 14;
    const room = Math.floor((width - 16) / 6);
    const shown = name.length > room ? `${name.slice(0, room - 1)}…` : name;
    return [
      `  <rect x="${x}" y="${y - 6}" width="10" height="3" fill="${colourOf(index)}"/>`,
      `  <text x="${x + 14}" y="${y}">${escapeXml(shown)}</text>`,
    ];
  });
}

function colourOf(index: number): string {
  return palette[index % palette.length]!;
}

/** A value in one of Grafana's units: s, bytes, Bps, reqps, percentunit, none. */
export function formatValue(value: number, unit: string | undefined): string {
  if (unit === 's' && value !== 0 && value < 1) return `${short(value * 1000)} ms`;
  if (unit === 's') return `${short(value)} s`;
  if (unit === 'percentunit') return `${short(value * 100)}%`;
  if (unit === 'reqps') return `${short(value)}/s`;
  if (unit === 'bytes' || unit === 'Bps') {
    const power = value < 1024 ? 0 : value < 1024 ** 2 ? 1 : 2;
    return `${short(value / 1024 ** power)} ${['B', 'KiB', 'MiB'][power]}${unit === 'Bps' ? '/s' : ''}`;
  }
  return short(value);
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function escapeXml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
