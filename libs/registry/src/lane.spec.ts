import { setTimeout as sleep } from 'node:timers/promises';
import { Lane } from './lane';

it('runs one step after the other, in the order in which they were asked for', async () => {
  const lane = new Lane();
  const log: string[] = [];
  const step = (name: string, ms: number) =>
    lane.run(async () => {
      log.push(`${name} begins`);
      await sleep(ms);
      log.push(`${name} ends`);
      return name;
    });
  expect(await Promise.all([step('a', 20), step('b', 1), step('c', 5)])).toEqual(['a', 'b', 'c']);
  expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});

it('gives the next step its turn when one fails, at once or later', async () => {
  const lane = new Lane();
  const atOnce = lane.run(() => {
    throw new Error('at once');
  });
  const later = lane.run(() => Promise.reject(new Error('later')));
  await expect(atOnce).rejects.toThrow('at once');
  await expect(later).rejects.toThrow('later');
  await expect(lane.run(() => 'fine')).resolves.toBe('fine');
});
