import { randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { eventLoopShare } from '#core';
import { feed } from './feed';

const sent = randomBytes(300_000);

async function received(chunks: Buffer[], costMs = 0): Promise<{ bytes: Buffer; turns: number }> {
  const pieces: Buffer[] = [];
  let turns = 0;
  let isOver = false;
  const counting = (async () => {
    for (; !isOver; turns++) await turn();
  })();
  await feed(Readable.from(chunks, { objectMode: false }), (piece) => {
    expect(piece.length).toBeLessThanOrEqual(16 * 1024);
    pieces.push(piece);
    for (const end = performance.now() + costMs; performance.now() < end;);
  });
  isOver = true;
  await counting;
  return { bytes: Buffer.concat(pieces), turns };
}

it('hands on all that comes, in order, in short pieces', async () => {
  expect((await received([sent])).bytes).toEqual(sent);
  const chunks = Array.from({ length: 3000 }, (_, i) => sent.subarray(i * 100, i * 100 + 100));
  expect((await received(chunks)).bytes).toEqual(sent);
  expect((await received([])).bytes).toHaveLength(0);
});

it('hands on what is only copied as it comes, and fails with what is thrown', async () => {
  const pieces: Buffer[] = [];
  await feed(Readable.from([sent, sent]), (piece) => pieces.push(piece), undefined, 'copied');
  expect(pieces).toEqual([sent, sent]);
  const refuse = (): void => {
    throw new Error('too much');
  };
  await expect(feed(Readable.from([sent]), refuse, undefined, 'copied')).rejects.toThrow('too much');
});

it('lets the event loop turn while it reads what takes long', async () => {
  const { bytes, turns } = await received([sent], 2);
  expect(bytes).toEqual(sent);
  expect(turns).toBeGreaterThanOrEqual(5);
});

it('fails with what the reader throws, and hands on nothing more', async () => {
  let pieces = 0;
  const take = (): void => {
    if (++pieces === 3) throw new Error('enough');
  };
  await expect(feed(Readable.from([sent], { objectMode: false }), take)).rejects.toThrow('enough');
  await turn();
  expect(pieces).toBe(3);
});

it("fails with the stream's error, and with the reason of its signal", async () => {
  const broken = new PassThrough();
  const reading = feed(broken, () => undefined);
  broken.destroy(new Error('gone'));
  await expect(reading).rejects.toThrow('gone');

  const slow = new PassThrough();
  const controller = new AbortController();
  let pieces = 0;
  const waiting = feed(slow, () => pieces++, controller.signal);
  controller.abort(new Error('too late'));
  await expect(waiting).rejects.toThrow('too late');
  slow.write('more');
  await turn();
  expect(pieces).toBe(0);
  await expect(feed(slow, () => undefined, controller.signal)).rejects.toThrow('too late');
});

it('ends also when the last piece had to wait for its turn', async () => {
  const reading = received([sent.subarray(0, 100)]);
  eventLoopShare.spend(() => {
    for (const end = performance.now() + 6; performance.now() < end;);
  });
  expect((await reading).bytes).toEqual(sent.subarray(0, 100));
});
