/** Bytes that are no protobuf message; the text names the fault and the offset of the record that has it. */
export class WireError extends Error {
  constructor(fault: string, offset: number) {
    super(`${fault} at byte ${offset}`);
    this.name = 'WireError';
  }
}
