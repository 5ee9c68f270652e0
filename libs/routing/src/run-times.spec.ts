import { comparableP95 } from './run-times';

describe('runs are compared with runs of the same size', () => {
  const runs = (count: number, batchCost: number, runMs: number) =>
    Array.from({ length: count }, (_, i) => ({ batchCost, runMs: runMs + i / 1000 }));
  const rounded = (pair: [number, number] | undefined) => pair?.map(Math.round);

  it('so that a variant with small batches does not look fast beside one with large ones', () => {
    const others = [...runs(100, 8, 80), ...runs(20, 1, 10)];
    expect(rounded(comparableP95(runs(100, 1, 20), others))).toEqual([20, 10]);
  });

  it('in the shares that the first one has of them', () => {
    const canary = [...runs(90, 1, 10), ...runs(10, 8, 90)];
    const others = [...runs(10, 1, 10), ...runs(400, 8, 60)];
    expect(rounded(comparableP95(canary, others))).toEqual([90, 60]);
    // In the others' own shares nearly all were of 60 ms; in the canary's a twentieth at the most may be slower.
    expect(rounded(comparableP95([...runs(96, 1, 10), ...runs(4, 8, 90)], others))).toEqual([10, 10]);
  });

  it.each([
    ['nothing', []],
    ['runs of other sizes', runs(100, 4, 10)],
  ])('and with %s not at all', (_, others) => {
    expect(comparableP95(runs(100, 1, 20), others)).toBeUndefined();
  });
});
