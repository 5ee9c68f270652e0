import type { Size } from './geometry';

/** 8-bit RGB, three bytes a pixel, row after row, no padding. */
export interface Pixels {
  /** height * width * 3 bytes. */
  data: Uint8Array;
  width: number;
  height: number;
  /** The size of the image that was sent, where decoding has reduced it. */
  reducedFrom?: Size;
}
