/** What a file says of itself before any pixel is decoded, as far as its decoding depends on it. */
export interface ImageHeader {
  /** In words, such as `progressive JPEG`. */
  kind: ImageKind;
  /** Pixels: the first frame's, or the canvas where that is larger. */
  width: number;
  height: number;
  /** Of a JPEG whose coefficients are kept until its last scan: what its scans go over. */
  scans?: Scans;
}

export type ImageKind =
  | 'baseline JPEG'
  | 'progressive JPEG'
  | 'arithmetic-coded JPEG'
  | 'CMYK JPEG'
  | 'PNG'
  | 'PNG with alpha'
  | 'PNG with a palette'
  | 'interlaced PNG'
  | 'interlaced 16-bit PNG'
  | '16-bit PNG'
  | 'lossy WebP'
  | 'lossless WebP'
  | 'animated WebP'
  | 'GIF';

export interface Scans {
  count: number;
  /** Samples of one full pass over all components; with chroma at half size 1.5 times the pixels. */
  samples: number;
  /** Samples that all scans together go over. */
  visited: number;
}
