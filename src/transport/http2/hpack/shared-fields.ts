import type { HpackEncoder, Representation } from './hpack-encoder.ts';

export type SharedField = readonly [name: string, value: string, as: Representation];

/** Fields that many header blocks of one connection have in common: encoded once, until the dynamic table changes. */
export class SharedFields {
  private readonly fields: readonly SharedField[];
  private octets: Buffer | undefined = undefined;
  private size = 0;
  private version = 0;

  constructor(...fields: readonly SharedField[]) {
    this.fields = fields;
  }

  /** Adds them to the block that is under way. */
  addTo(encoder: HpackEncoder): void {
    const { version } = encoder;
    if (this.octets !== undefined && this.version === version) {
      encoder.append(this.octets, this.size);
      return;
    }
    const start = encoder.length;
    const { size } = encoder;
    for (const [name, value, as] of this.fields) encoder.add(name, value, as);
    // What was new just now is not an index in this block: it cannot be sent again.
    if (encoder.version !== version) return;
    this.octets = Buffer.from(encoder.block.subarray(start, encoder.length));
    this.size = encoder.size - size;
    this.version = version;
  }
}
