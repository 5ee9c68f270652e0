import { setImmediate as turn } from 'node:timers/promises';
import { FetchLimit } from './fetch-limit';

it('runs no more tasks at once than it may, in their order, also after one has failed', async () => {
  const limit = new FetchLimit(2);
  let running = 0;
  let most = 0;
  const order: number[] = [];
  const results = await Promise.allSettled(
    [0, 1, 2, 3, 4, 5].map((i) =>
      limit.run(async () => {
        most = Math.max(most, ++running);
        order.push(i);
        await turn();
        running--;
        if (i === 1) throw new Error('no');
        return i;
      }),
    ),
  );
  expect(most).toBe(2);
  expect(order).toEqual([0, 1, 2, 3, 4, 5]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', ...Array<string>(4).fill('fulfilled')]);
});
