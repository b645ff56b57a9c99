/** Replaces a secret in logs, traces and dumps. */
export const REDACTED = '<redacted>';

/**
 * The text with the user information and the values of the query of every URL in it redacted, and of a path with a query. An error
 * of a pull quotes the signed URL of a blob, or the proxy's URL with its password.
 */
export function redactUrls(text: string): string {
  let out = text;
  if (out.includes('://')) out = out.replace(/:\/\/[^\s/?#"'<>]*@/g, `://${REDACTED}@`);
  if (out.includes('=')) out = out.replace(/[?#][^\s"'<>?#]*/g, redactQuery);
  return out;
}

/** A registry's address, which may have user information without a scheme before it. */
export function redactAddress(address: string): string {
  const scheme = address.indexOf('://');
  const whole = scheme === -1 ? `://${address}` : address;
  const redacted = redactUrls(whole);
  return scheme === -1 ? redacted.slice(3) : redacted;
}

/** A streaming URL without its one-time token, the last part of its path: the token lets its owner run commands in the container. */
export function redactStreamingUrl(url: string): string {
  const redacted = redactUrls(url);
  const end = /[?#]/.exec(redacted)?.index ?? redacted.length;
  const slash = redacted.lastIndexOf('/', end - 1);
  return `${redacted.slice(0, slash + 1)}${REDACTED}${redacted.slice(end)}`;
}

function redactQuery(query: string): string {
  return query.replace(/=[^&;]*/g, `=${REDACTED}`);
}
