/** A peer that is down. `seen`: it has been up before. `absent`: nothing is at its socket's path. `since`: a wall-clock time in ms. */
export interface PeerDown {
  readonly kind: 'down';
  readonly since: number;
  readonly reason: string;
  readonly seen: boolean;
  readonly absent?: boolean;
}
