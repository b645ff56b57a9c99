import { writeFileSync } from 'node:fs';

/** How a canned runtime answers one method. */
export interface Answer {
  /** The messages, sent by turns. */
  readonly messages: readonly Buffer[];
  /** Sent in place of `messages` from one SIGUSR1 to the next. */
  readonly large?: Buffer;
  /** How long the runtime takes, in ms; undefined: no time. */
  readonly delay?: number;
  /** The method is a stream, with a message each so many ms until its client goes. */
  readonly every?: number;
}

/** Answers by gRPC path. */
export type Answers = Readonly<Record<string, Answer>>;

/** An Answer in JSON: messages in base64. */
export interface WrittenAnswer {
  readonly messages: readonly string[];
  readonly large?: string | undefined;
  readonly delay?: number | undefined;
  readonly every?: number | undefined;
}

/** Writes the file that canned runtimes on every library read. */
export function writeAnswers(file: string, answers: Answers): void {
  const written = Object.entries(answers).map(([path, { messages, large, delay, every }]): [string, WrittenAnswer] => {
    return [
      path,
      { messages: messages.map(message => message.toString('base64')), large: large?.toString('base64'), delay, every },
    ];
  });
  writeFileSync(file, JSON.stringify(Object.fromEntries(written)));
}
