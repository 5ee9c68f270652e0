import { DATA_TYPE, type OnnxValue } from '#onnx';

/** Sizes of the dimensions, `null` where they are free; undefined where not even their number is known. */
export function sizesOf({ type }: OnnxValue): (number | null)[] | undefined {
  return type?.tensorType?.shape?.dim.map(({ dimValue }) => (dimValue !== undefined && dimValue > 0 ? dimValue : null));
}

export function typeOf({ type }: OnnxValue): string | undefined {
  const element = type?.tensorType?.elemType;
  if (element === undefined) return undefined;
  return Object.entries(DATA_TYPE).find(([, number]) => number === element)?.[0] ?? `of ONNX type ${element}`;
}

/** As in `data: float32 [batch, 3, 224, 224]`. */
export function describe(value: OnnxValue): string {
  const dims = value.type?.tensorType?.shape?.dim;
  const sizes = dims?.map(({ dimValue, dimParam }) => (dimValue && dimValue > 0 ? dimValue : dimParam || '?'));
  return `${value.name}: ${typeOf(value) ?? 'no tensor'} ${sizes ? `[${sizes.join(', ')}]` : 'of unknown shape'}`;
}
