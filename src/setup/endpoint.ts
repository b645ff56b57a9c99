/** A CRI endpoint as a path: `unix:///run/x.sock` and `/run/x.sock` are one, and /var/run is /run. */
export function endpointPath(endpoint: string): string {
  return endpoint
    .replace(/^unix:(\/\/)?/, '')
    .replace(/^\/+/, '/')
    .replace(/^\/var\/run\//, '/run/');
}

export function sameEndpoint(one: string, other: string): boolean {
  return endpointPath(one) === endpointPath(other);
}
