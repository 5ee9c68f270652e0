import { softmax, topK } from './scores';

describe('softmax', () => {
  it('adds up to 1 and keeps the order', () => {
    const probabilities = softmax([1, 3, 2]);
    expect(probabilities.reduce((sum, p) => sum + p)).toBeCloseTo(1, 12);
    expect([...probabilities].map((p) => p.toFixed(4))).toEqual(['0.0900', '0.6652', '0.2447']);
  });

  it('survives logits that would overflow exp()', () => {
    expect([...softmax([1000, 1000])]).toEqual([0.5, 0.5]);
    expect([...softmax([-2000, 0])]).toEqual([0, 1]);
  });
});

describe('topK', () => {
  it.each([
    ['the best first', [0.1, 0.7, 0.2], 2, [1, 2]],
    ['of equal scores the lower class first', [0.3, 0.4, 0.3], 3, [1, 0, 2]],
    ['all when there are fewer', [0.4, 0.6], 5, [1, 0]],
    ['one', [0.5, 0.5], 1, [0]],
  ])('gives %s', (_, scores, k, classes) => {
    expect(topK(scores, k).map(({ classId }) => classId)).toEqual(classes);
  });

  it('agrees with sorting, for random scores', () => {
    const scores = Array.from({ length: 500 }, () => Math.random());
    const sorted = scores.map((confidence, classId) => ({ classId, confidence }));
    sorted.sort((a, b) => b.confidence - a.confidence);
    for (const k of [20, 32, 33, 400, 600]) expect(topK(scores, k)).toEqual(sorted.slice(0, k));
  });
});
