/** The messages of a streamed list as one message. Each has the shape of the answer to the unary list. */
export async function gather(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const messages: Buffer[] = [];
  for await (const message of stream) messages.push(message);
  return Buffer.concat(messages);
}
