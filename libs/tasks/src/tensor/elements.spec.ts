import { compareTensors } from './compare-tensors';
import { elementsAsJson } from './elements';
import { type TensorValue, writeStrings } from './tensor-json';

const MANY = 10_000;
const floats = (numbers: readonly number[], name = 'y'): TensorValue => ({
  name,
  datatype: 'FP32',
  shape: [numbers.length],
  data: new Uint8Array(Float32Array.from(numbers).buffer),
});
const texts = (strings: readonly string[]): TensorValue => ({
  name: 'y',
  datatype: 'BYTES',
  shape: [strings.length],
  data: writeStrings(strings),
});
const longs = (numbers: readonly bigint[]): TensorValue => ({
  name: 'y',
  datatype: 'INT64',
  shape: [numbers.length],
  data: new Uint8Array(BigInt64Array.from(numbers).buffer),
});

async function json(tensor: TensorValue, as?: 'exact'): Promise<string> {
  let text = '';
  for await (const piece of elementsAsJson(tensor, as)) text += piece;
  return `[${text}]`;
}

describe('elements as JSON', () => {
  const numbers = Array.from({ length: MANY }, (_, i) => i / 4);
  const strings = Array.from({ length: MANY }, (_, i) => (i % 3 === 0 ? '' : `"${'ä'.repeat(i % 50)}`));
  it.each<[string, TensorValue, unknown[]]>([
    ['none', floats([]), []],
    ['many numbers', floats(numbers), numbers],
    ['what is no number', floats([NaN, -Infinity]), ['NaN', '-Infinity']],
    ['many texts', texts(strings), strings],
    ['one long text', texts(['x'.repeat(200_000)]), ['x'.repeat(200_000)]],
    ['long integers', longs([1n, 2n ** 60n]), [1, String(2n ** 60n)]],
  ])('are %s', async (_, tensor, elements) => {
    expect(JSON.parse(await json(tensor))).toEqual(elements);
  });

  it('long integers are exact where they are asked for so', async () => {
    expect(await json(longs([2n ** 60n + 1n, -1n]), 'exact')).toBe('[1152921504606846977,-1]');
  });
});

describe('two tensors', () => {
  const numbers = Array.from({ length: MANY }, () => 1);
  const changed = (place: number, value: number) => numbers.map((each, i) => (i === place ? value : each));

  it('agree where they differ by rounding only', async () => {
    expect((await compareTensors([floats(numbers)], [floats(changed(MANY - 1, 1.0005))])).agreed).toBe(true);
  });

  it('differ most where they do, however far behind that is', async () => {
    const other = changed(9_000, 3).map((each, i) => (i === 10 ? 2 : each));
    const { agreed, said } = await compareTensors([floats(numbers)], [floats(other)]);
    expect([agreed, said]).toEqual([
      false,
      [
        { output: 'y', element: 9_000, value: 1 },
        { output: 'y', element: 9_000, value: 3 },
      ],
    ]);
  });

  it('of texts are compared text by text, whatever their lengths', async () => {
    const long = Array.from({ length: MANY }, (_, i) => 'x'.repeat(i % 40));
    const { said } = await compareTensors([texts(long)], [texts([...long.slice(0, -1), 'another'])]);
    expect(said[1]).toEqual({ output: 'y', element: MANY - 1, value: 'another' });
  });
});
