import { Fault } from './value-type.ts';

/** `/path`, `unix:/path` and `unix:///path` are the same everywhere. */
export function socketPath(text: string): string | Fault {
  const path = text.replace(/^unix:(?:\/\/)?(?=\/(?!\/))/, '');
  if (path.includes('://')) return new Fault('is not a unix socket; write /path or unix:///path');
  if (!path.startsWith('/')) return new Fault('is not an absolute path; write /path or unix:///path');
  return path;
}
