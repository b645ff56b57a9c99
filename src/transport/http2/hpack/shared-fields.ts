import type { HpackEncoder, Representation } from './hpack-encoder.ts';

export type SharedField = readonly [name: string, value: string, as: Representation];

/** Fields that many header blocks of one connection share. They are encoded once, until the dynamic table changes. */
export class SharedFields {
  private readonly fields: readonly SharedField[];
  private octets: Buffer | undefined = undefined;
  private size = 0;
  private version = 0;

  constructor(...fields: readonly SharedField[]) {
    this.fields = fields;
  }

  /** Adds the fields to the present block. */
  addTo(encoder: HpackEncoder): void {
    const { version } = encoder;
    if (this.octets !== undefined && this.version === version) {
      encoder.append(this.octets, this.size);
      return;
    }
    const start = encoder.length;
    const { size } = encoder;
    for (const [name, value, as] of this.fields) encoder.add(name, value, as);
    // A field that was new in this block is not an index here, so these octets cannot be sent again.
    if (encoder.version !== version) return;
    // Not a slice of Node's pool: that would keep 64 KiB for as long as the connection lasts.
    this.octets = Buffer.allocUnsafeSlow(encoder.length - start);
    encoder.block.copy(this.octets, 0, start, encoder.length);
    this.size = encoder.size - size;
    this.version = version;
  }
}
