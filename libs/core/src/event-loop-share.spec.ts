import { setImmediate as turn } from 'node:timers/promises';
import { EventLoopShare } from './event-loop-share';

/** Three readers of many pieces; each piece takes so many milliseconds. */
async function piecesPerTurn(costMs: number, mostPerTurnMs: number): Promise<number[]> {
  let now = 0;
  const share = new EventLoopShare(mostPerTurnMs, () => now);
  let done = 0;
  const read = async (): Promise<void> => {
    for (let piece = 0; piece < 20; piece++) {
      await share.turn();
      share.spend(() => {
        now += costMs;
        done++;
      });
    }
  };
  const reading = Promise.all([read(), read(), read()]);
  const perTurn: number[] = [];
  for (let before = 0; done < 60; before = done) {
    await turn();
    perTurn.push(done - before);
  }
  await reading;
  return perTurn;
}

it('does no more in a turn than its share, and one piece of each of the few that were called back', async () => {
  const perTurn = await piecesPerTurn(3, 4);
  expect(Math.max(...perTurn)).toBeLessThanOrEqual(4);
  expect(perTurn.length).toBeGreaterThanOrEqual(60 / 4);
});

it('does at once what takes next to nothing', async () => {
  expect((await piecesPerTurn(0.001, 4)).length).toBeLessThanOrEqual(2);
});

it('lets those who wait go first, in their order, and counts what fails', async () => {
  let now = 0;
  const share = new EventLoopShare(4, () => now);
  const order: string[] = [];
  expect(() =>
    share.spend(() => {
      now += 5;
      throw new Error('no');
    }),
  ).toThrow('no');
  expect(share.hasTime).toBe(false);
  for (const name of ['a', 'b']) share.later(() => order.push(name));
  await turn();
  await turn();
  expect([order, share.hasTime]).toEqual([['a', 'b'], true]);
});
