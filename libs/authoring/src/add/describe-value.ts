import { DATA_TYPE, type OnnxValue } from '#onnx';

/** Sizes of the dimensions, `null` where they are free; undefined where not even their number is known. */
export function sizesOf({ type }: OnnxValue): (number | null)[] | undefined {
  return type?.tensorType?.shape?.dim.map(({ dimValue }) => (dimValue !== undefined && dimValue > 0 ? dimValue : null));
}

/** Those of TensorProto.DataType that nothing here works with. */
const OTHER_TYPES: Readonly<Record<number, string>> = {
  4: 'uint16',
  5: 'int16',
  12: 'uint32',
  13: 'uint64',
  14: 'complex64',
  15: 'complex128',
};

export function typeOf({ type }: OnnxValue): string | undefined {
  const element = type?.tensorType?.elemType;
  if (element === undefined) return undefined;
  const known = Object.entries(DATA_TYPE).find(([, number]) => number === element)?.[0];
  return known ?? OTHER_TYPES[element] ?? `of ONNX type ${element}`;
}

/** As in `data: float32 [batch, 3, 224, 224]`. */
export function describe(value: OnnxValue): string {
  const dims = value.type?.tensorType?.shape?.dim;
  const sizes = dims?.map(({ dimValue, dimParam }) => (dimValue && dimValue > 0 ? dimValue : dimParam || '?'));
  return `${value.name}: ${typeOf(value) ?? 'no tensor'} ${sizes ? `[${sizes.join(', ')}]` : 'of unknown shape'}`;
}
