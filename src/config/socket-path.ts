/** `/path`, `unix:/path` and `unix:///path` are the same everywhere. */
export function socketPath(text: string): string | { fault: string } {
  const path = text.replace(/^unix:(?:\/\/)?(?=\/(?!\/))/, '');
  if (path.includes('://')) return { fault: 'is not a unix socket; write /path or unix:///path' };
  if (!path.startsWith('/')) return { fault: 'is not an absolute path; write /path or unix:///path' };
  return path;
}
