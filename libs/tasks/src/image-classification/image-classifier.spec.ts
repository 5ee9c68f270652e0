import type { Classes } from './classes';
import { ImageClassifier } from './image-classifier';
import { pixelInput } from './worker/image/input.fixture';

const labels = ['cat', 'dog', 'dog', 'owl'];
const single = new ImageClassifier(labels, [], { name: 'out' }, pixelInput());
const tags = new ImageClassifier(labels, [], { name: 'out', multi_label: true, threshold: 0.5 }, pixelInput());
const classes = (...ids: (number | [number, string])[]): Classes =>
  ids.map((id, i) => {
    const [class_id, label] = typeof id === 'number' ? [id, labels[id]!] : id;
    return { class_id, label, confidence: 0.9 - i / 10 };
  });

describe('two answers agree', () => {
  it.each<[string, boolean, ImageClassifier, Classes, Classes]>([
    ['on the same class', true, single, classes(1), classes(1)],
    ['not on another class of the same label', false, single, classes(1), classes(2)],
    ['on a class that another version has in another place', true, single, classes(0), classes([3, 'cat'])],
    ['not on a class that another version calls otherwise', false, single, classes(0), classes([0, 'lynx'])],
    ['of several labels, in whatever order', true, tags, classes(0, 3), classes(3, 0)],
    ['of several labels, not on a part of them', false, tags, classes(0, 3), classes(0)],
    ['that there is none', true, tags, classes(), classes()],
    ['not where one names none', false, single, classes(1), classes()],
  ])('%s: %p', (_, agreed, task, answer, other) => {
    expect(task.compare(answer, other).agreed).toBe(agreed);
  });
});

it('a multi-label answer is asked for as a whole, and all its classes are counted', () => {
  const image = new Uint8Array(3);
  expect(tags.input(image).params).toEqual({ topK: undefined });
  // As many as the client has been answered: what it was not told of is no disagreement.
  expect(tags.forComparison(tags.input(image, 1)).params).toEqual({ topK: 1 });
  expect(tags.forComparison(tags.input(image)).params).toEqual({ topK: undefined });
  expect(single.forComparison(single.input(image, 3)).params).toEqual({ topK: 1 });
  expect(tags.named(classes(0, 3))).toHaveLength(2);
  expect(single.named(classes(0, 3))).toHaveLength(1);
  expect(tags.headline([])).toBeUndefined();
});

describe('a kept answer', () => {
  const few = classes(3, 0);
  const all = classes(3, 0, 1, 2);
  it.each<[string, ImageClassifier, Classes, number | undefined, breadth: number]>([
    ['of as many classes as were asked for, for so many', single, few, 2, 2],
    ['of all classes, for any number', single, all, 4, Infinity],
    ['of as many labels as were asked for, for so many', tags, few, 2, 2],
    ['of fewer labels than were asked for, for any number', tags, few, 3, Infinity],
    ['of all labels that there are, for any number', tags, few, undefined, Infinity],
    ['of no label, for any number', tags, classes(), undefined, Infinity],
  ])('is one %s', (_, { cache }, answer, topK, breadth) => {
    const text = cache.encode(answer, { topK })!;
    expect(cache.decode(text, {})).toEqual({ output: answer, breadth });
    expect(cache.narrowed(answer, { topK: 1 })).toEqual(answer.slice(0, 1));
  });

  it.each<[string, ImageClassifier]>([
    ['[null,[[3,0.9],[0,0.4]]]', tags],
    ['[null,[[0,0.5],[3,0.9]]]', tags],
    ['[null,[[3,0.9],[3,0.8]]]', tags],
    ['[null,[[4,0.9]]]', tags],
    ['[1,[[3,0.9],[0,0.8]]]', tags],
    ['[3,[[3,0.9],[0,0.8]]]', tags],
    ['[null,[[3,0.9],[0,0.8]]]', single],
    ['[3,[[3,0.9],[0,0.8]]]', single],
    ['["2",[[3,0.9],[0,0.8]]]', single],
    ['[[3,0.9],[0,0.8]]', single],
  ])('is not believed: %s', (text, { cache }) => {
    expect(cache.decode(text, {})).toBeUndefined();
  });

  it('has one key for any number of classes', () => {
    expect(tags.cache.key({})).toBe(tags.cache.key({ topK: 4 }));
  });
});

it('scores that do not reach the threshold may be asked for, and are no classes of the answer', () => {
  const input = tags.scoresInput(new Uint8Array(3), 4);
  expect(input.params).toEqual({ topK: 4, anyScore: true });
  expect(single.scoresInput(new Uint8Array(3), 4).params).toEqual({ topK: 4 });
  const all = [0.9, 0.6, 0.4, 0.1].map((confidence, id) => ({ class_id: id, label: labels[id]!, confidence }));
  expect(tags.named(all)).toHaveLength(2);
  expect(tags.headline(all.slice(2))).toBeUndefined();
  // The shadow is asked for those that reach it.
  expect(tags.compare(all, all.slice(0, 2)).agreed).toBe(true);
  expect(tags.forComparison(input).params).toEqual({ topK: 4 });
  const kept = tags.cache.encode(all, input.params)!;
  expect(tags.cache.decode(kept, input.params)).toEqual({ output: all, breadth: Infinity });
  expect(tags.cache.decode(kept, { topK: 4 })).toBeUndefined();
});

it('pixels that are ready for a graph are kept apart from files in the cache, and must be numbers', () => {
  const { params } = single.scoresInput(new Uint8Array(224 * 224 * 3), 4, true);
  expect(params).toEqual({ topK: 4, pixels: 'UINT8 NHWC RGB 224x224x3' });
  expect(single.cache.key(params)).not.toBe(single.cache.key({ topK: 4 }));
  const floats = new ImageClassifier(
    labels,
    [],
    { name: 'out' },
    pixelInput({ dtype: 'float32', width: 1, height: 1 }),
  );
  for (const bad of [NaN, Infinity, -Infinity]) {
    const bytes = new Uint8Array(Float32Array.of(0, bad, 1).buffer);
    expect(() => floats.scoresInput(bytes, 1, true)).toThrow('inputs.input has a value that is no number, at byte 4');
  }
});
