/** Whether a name is visible ASCII without upper case; a colon may only be its first character (RFC 9113 section 8.2.1). */
export function isName(name: string): boolean {
  if (name.length === 0) return false;
  for (let i = 0; i < name.length; i++) {
    const octet = name.charCodeAt(i);
    if (octet <= 0x20 || octet >= 0x7f || (octet >= 0x41 && octet <= 0x5a) || (octet === 0x3a && i > 0)) return false;
  }
  return name !== ':';
}

/**
 * Whether a value has no NUL, CR and LF (RFC 9113 section 8.2.1). Space at either end, which that section forbids too, is accepted:
 * metadata of gRPC clients has it, and it does no harm here.
 */
export function isValue(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const octet = value.charCodeAt(i);
    if (octet === 0x0d || octet === 0x0a || octet === 0) return false;
  }
  return true;
}
