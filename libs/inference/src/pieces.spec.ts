import { randomBytes } from 'node:crypto';
import type { AnswersMessage, Work } from './messages';
import { PieceReader, piecesOf } from './pieces';

const work = {} as Work;
const answerOf = (output: unknown, bytes?: number): AnswersMessage => ({
  type: 'answers',
  batch: 3,
  answers: [{ kind: 'done', item: 0, output, bytes, work }],
});

it('an answer that is small is sent as it is', () => {
  const small = answerOf('anything');
  expect([...piecesOf(small)]).toEqual([small]);
});

it('one that is large is sent in pieces of half a MiB, one after the other, and is the same when they are put together', () => {
  const reader = new PieceReader();
  for (const size of [3_000_000, 600_000]) {
    const tensor = { name: 'y', data: new Uint8Array(randomBytes(size)) };
    const whole = answerOf([tensor], size);
    const pieces = [...piecesOf(whole)].map((piece) => (piece.type === 'piece' ? piece : undefined)!);
    expect(pieces.map(({ bytes }) => bytes.length <= 512 * 1024)).toEqual(
      Array(Math.ceil(size / (512 * 1024))).fill(true),
    );
    const read = pieces.map((piece) => reader.take(piece));
    expect(read.slice(0, -1).every((each) => each === undefined)).toBe(true);
    const [answer] = read.at(-1)!.answers;
    expect(answer).toMatchObject({ kind: 'done', item: 0, bytes: size });
    expect(tensor.data).toHaveLength(size);
    expect(Buffer.compare((answer as unknown as { output: (typeof tensor)[] }).output[0]!.data, tensor.data)).toBe(0);
  }
});
