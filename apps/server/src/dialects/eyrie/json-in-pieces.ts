import { randomUUID } from 'node:crypto';

/** A part of a body that is too large to be made at once: its JSON, piece by piece. */
export class JsonInPieces {
  constructor(readonly pieces: () => AsyncIterable<string>) {}
}

/** Stands for such a part while the rest is written. Nobody can send it, since nobody knows it. */
const PLACE = JSON.stringify(randomUUID());
const PLACE_HOLDER = JSON.parse(PLACE) as string;

/** A body as JSON, with what is in pieces in its place. */
export async function* jsonOf(body: object): AsyncGenerator<string> {
  const parts: JsonInPieces[] = [];
  const text = JSON.stringify(body, (_, value: unknown) => {
    if (!(value instanceof JsonInPieces)) return value;
    parts.push(value);
    return PLACE_HOLDER;
  });
  const [first, ...others] = text.split(PLACE);
  yield first!;
  for (const [i, other] of others.entries()) {
    yield* parts[i]!.pieces();
    yield other;
  }
}
