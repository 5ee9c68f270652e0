import { invalidField } from '#core';
import type { DataType } from '../tensor/data-type';
import { CHANNELS, type InputSpec } from './spec';

const DATATYPES: Readonly<Record<InputSpec['dtype'], DataType>> = {
  float32: 'FP32',
  float16: 'FP16',
  uint8: 'UINT8',
  int8: 'INT8',
};

/** The input that a graph takes for one picture, once it has been decoded, resized and normalised. */
export interface Pixels {
  /** Of the graph's input. */
  name: string;
  datatype: DataType;
  /** Without the dimension of the batch. */
  shape: readonly number[];
  layout: InputSpec['layout'];
  /** All of it in a few words: who sends pixels for one graph must not have them taken by another. */
  key: string;
  /** @throws EyrieError INVALID_REQUEST for a picture in which a value is NaN or infinite */
  requireFinite(picture: Uint8Array): void;
}

export function pixelsOf({ name, dtype, layout, channels, height, width }: InputSpec): Pixels {
  const planes = CHANNELS[channels];
  const shape = layout === 'NCHW' ? [planes, height, width] : [height, width, planes];
  const datatype = DATATYPES[dtype];
  return {
    name,
    datatype,
    shape,
    layout,
    key: `${datatype} ${layout} ${channels} ${shape.join('x')}`,
    requireFinite: (picture) => {
      const at = firstNotFinite(picture, datatype);
      if (at !== undefined) throw invalidField(`inputs.${name}`, `has a value that is no number, at byte ${at}`);
    },
  };
}

/** The byte at which it begins. All bits of the exponent are set in what is NaN or infinite (IEEE 754). */
function firstNotFinite(picture: Uint8Array, datatype: DataType): number | undefined {
  const [bytes, exponent] = datatype === 'FP32' ? [4, 0x7f80] : datatype === 'FP16' ? [2, 0x7c00] : [];
  if (bytes === undefined || exponent === undefined) return undefined;
  const view = new DataView(picture.buffer, picture.byteOffset, picture.byteLength);
  for (let at = bytes - 2; at < picture.length; at += bytes) {
    if ((view.getUint16(at, true) & exponent) === exponent) return at - (bytes - 2);
  }
  return undefined;
}
