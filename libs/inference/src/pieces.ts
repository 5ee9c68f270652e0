import { deserialize, serialize } from 'node:v8';
import type { AnswersMessage, PieceMessage } from './messages';

/** More is sent in pieces of this size, bytes: to take one in takes a millisecond. */
const PIECE_BYTES = 512 * 1024;

/** What is to be sent of an answer: it, or where it is large its pieces. */
export function* piecesOf(message: AnswersMessage): Generator<AnswersMessage | PieceMessage> {
  const bytes = message.answers.reduce((sum, answer) => sum + (answer.kind === 'done' ? (answer.bytes ?? 0) : 0), 0);
  if (bytes <= PIECE_BYTES) {
    yield message;
    return;
  }
  const whole = serialize(message);
  for (let at = 0; at < whole.length; at += PIECE_BYTES) {
    yield { type: 'piece', bytes: whole.subarray(at, at + PIECE_BYTES), totalBytes: whole.length };
  }
}

/** Puts them together again. */
export class PieceReader {
  private whole: Buffer | undefined;
  private filled = 0;

  /** @returns the answer, when this is its last piece */
  take({ bytes, totalBytes }: PieceMessage): AnswersMessage | undefined {
    this.whole ??= Buffer.allocUnsafeSlow(totalBytes);
    this.whole.set(bytes, this.filled);
    this.filled += bytes.length;
    if (this.filled < this.whole.length) return undefined;
    // Its arrays are not copied but lie in these bytes.
    const message = deserialize(this.whole) as AnswersMessage;
    this.whole = undefined;
    this.filled = 0;
    return message;
  }
}
