const WILDCARD_HOSTS = new Set(['', '0.0.0.0', '[::]']);

/**
 * The URL that a kubelet can dial, `scheme://host:port/path`, made from a runtime's answer: a whole URL, a URL without scheme
 * (`//host:port/x`, which kubelet 1.36 takes for https), `host:port/x`, or a bare path, as dockershim up to 1.10 sends it. `base`
 * (`http://host:port`) completes a path, and its host replaces an address that means "all interfaces". Undefined for anything else.
 */
export function absoluteUrl(given: string, base: string): string | undefined {
  const url = complete(given, base);
  const parts = /^(https?:\/\/)([^/?#]*?)(:\d+)?([/?#].*)?$/.exec(url ?? '');
  if (parts === null) return undefined;
  const [whole, scheme, host, port = '', path = ''] = parts;
  if (host === '' && port === '') return undefined;
  const dialled = WILDCARD_HOSTS.has(host!) ? `${scheme}${hostOf(base)}${port}${path}` : whole;
  return URL.canParse(dialled) ? dialled : undefined;
}

function complete(given: string, base: string): string | undefined {
  if (/^https?:\/\//.test(given)) return given;
  if (given.startsWith('//')) return `http:${given}`;
  if (given.startsWith('/')) return base + given;
  if (/^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):\d+(?:\/|$)/.test(given)) return `http://${given}`;
  return undefined;
}

function hostOf(base: string): string {
  const { hostname } = new URL(base);
  return hostname;
}
