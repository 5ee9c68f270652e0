import { harmless, observe, reportObserverFailuresTo } from './observe';

let reported: string[];
beforeEach(() => {
  reported = [];
  reportObserverFailuresTo((observer, error) => reported.push(`${observer}: ${(error as Error).message}`));
});

class Watcher {
  seen: number[] = [];
  readonly broken = (): void => {
    throw new Error('broken');
  };
  onNumber(number: number): void {
    this.seen.push(number);
    if (number < 0) throw new Error(`${number} is negative`);
  }
  forOne(name: string): { name: string } | undefined {
    if (name === '') throw new Error('no name');
    return { name };
  }
  async later(): Promise<void> {
    await Promise.resolve();
    throw new Error('too late');
  }
}

it('gives what a call returns', async () => {
  expect(observe('one', () => 1)).toBe(1);
  await expect(observe('two', () => Promise.resolve(2))).resolves.toBe(2);
  expect(reported).toEqual([]);
});

it('reports what a call throws, at once or later, and throws nothing itself', async () => {
  const fail = (): number => {
    throw new Error('at once');
  };
  expect(observe('one', fail)).toBeUndefined();
  await expect(observe('two', () => Promise.reject(new Error('later')))).resolves.toBeUndefined();
  expect(reported).toEqual(['one: at once', 'two: later']);
});

it('throws nothing where the report fails, too', () => {
  reportObserverFailuresTo(() => {
    throw new Error('the log is full');
  });
  expect(observe('one', () => JSON.parse('{') as unknown)).toBeUndefined();
});

it('makes an observer harmless, method by method, whatever they are', async () => {
  const watcher = new Watcher();
  const safe = harmless('watcher', watcher);
  safe.onNumber(1);
  safe.onNumber(-2);
  safe.broken();
  expect(safe.forOne('x')).toEqual({ name: 'x' });
  expect(safe.forOne('')).toBeUndefined();
  await safe.later();
  expect(watcher.seen).toEqual([1, -2]);
  expect(reported).toEqual([
    'watcher.onNumber: -2 is negative',
    'watcher.broken: broken',
    'watcher.forOne: no name',
    'watcher.later: too late',
  ]);
});

it('leaves out what an observer does not want to know', () => {
  const partial: { onNumber?: (number: number) => void } = harmless('watcher', {});
  expect(partial.onNumber).toBeUndefined();
});
