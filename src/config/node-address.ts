import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';

/**
 * An IPv4 address of this node that others can dial: that of the interface with the default route, else of any interface,
 * else the loopback. API servers up to 1.10 follow a streaming URL themselves, so the loopback is the last resort.
 */
export function nodeAddress(): string {
  const interfaces = networkInterfaces();
  const names = [...defaultRouteInterfaces(), ...Object.keys(interfaces)];
  for (const name of names) {
    const address = interfaces[name]?.find(each => each.family === 'IPv4' && !each.internal);
    if (address !== undefined) return address.address;
  }
  return '127.0.0.1';
}

/** From /proc/net/route: columns Iface, Destination, ..., Mask in hex; all zero is the default route. */
function defaultRouteInterfaces(): string[] {
  try {
    const rows = readFileSync('/proc/net/route', 'utf8').split('\n').slice(1);
    return rows
      .map(row => row.split('\t'))
      .filter(row => row[1] === '00000000' && row[7] === '00000000')
      .map(row => row[0]!);
  } catch {
    return [];
  }
}
