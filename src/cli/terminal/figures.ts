/** A time that has passed, in s, in at most two units and seven columns: `4s`, `12m 3s`, `3d 4h`, `412d`. */
export function formatSpan(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return pair(whole, 60, 'm', 1, 's');
  if (whole < 86_400) return pair(whole, 3600, 'h', 60, 'm');
  if (whole < 100 * 86_400) return pair(whole, 86_400, 'd', 3600, 'h');
  return `${Math.floor(whole / 86_400)}d`;
}

function pair(whole: number, first: number, firstUnit: string, second: number, secondUnit: string): string {
  const rest = Math.floor((whole % first) / second);
  return `${Math.floor(whole / first)}${firstUnit}${rest === 0 ? '' : ` ${rest}${secondUnit}`}`;
}

/** A duration in ms with its unit, in at most six columns: `0.8ms`, `12ms`, `3.4s`, `2m 5s`. */
export function formatMs(ms: number): string {
  if (ms < 9.95) return `${ms.toFixed(1)}ms`;
  if (ms < 999.5) return `${ms.toFixed(0)}ms`;
  if (ms < 99_950) return `${(ms / 1000).toFixed(1)}s`;
  return formatSpan(ms / 1000);
}

/** Bytes as `48 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let amount = bytes;
  for (; amount >= 999.5 && unit < units.length - 1; unit++) amount /= 1024;
  return `${amount < 9.95 && unit > 0 ? amount.toFixed(1) : amount.toFixed(0)} ${units[unit]}`;
}

/** A count in at most six columns: `812`, `48.2k`, `1.3M`. */
export function formatCount(count: number): string {
  if (count < 10_000) return String(Math.round(count));
  if (count < 999_950) return `${(count / 1000).toFixed(1)}k`;
  if (count < 999_950_000) return `${(count / 1e6).toFixed(1)}M`;
  return `${(count / 1e9).toFixed(1)}G`;
}

/** Calls in a second: `0.3`, `14.2`, `812`. */
export function formatRate(rate: number): string {
  return rate < 99.95 ? rate.toFixed(1) : formatCount(rate);
}

/** Text in one line without effect on a terminal: the words of a runtime may hold any control character. */
export function printable(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, '\ufffd');
}

/** Shortened to `width` columns, in the middle: the ends of a path and of an id say most. */
export function shorten(text: string, width: number): string {
  if (text.length <= width) return text;
  const kept = Math.max(0, width - 1);
  const tail = Math.ceil(kept * 0.6);
  return `${text.slice(0, kept - tail)}…${tail === 0 ? '' : text.slice(-tail)}`;
}
