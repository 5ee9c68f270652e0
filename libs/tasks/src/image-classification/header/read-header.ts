import type { ImageFormat } from './format';
import type { ImageHeader } from './image-header';
import { readGif } from './gif-header';
import { readJpeg } from './jpeg-header';
import { readPng } from './png-header';
import { readWebp } from './webp-header';

/**
 * Reads the header of an image; of a progressive JPEG also the headers of its scans, by a search for their markers. Takes some
 * microseconds; for a progressive JPEG of 10 MB some milliseconds.
 * @returns undefined where the file ends before, or is not what its first bytes say: decoding it fails soon
 */
export function readImageHeader(format: ImageFormat, bytes: Uint8Array): ImageHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    switch (format) {
      case 'jpeg':
        return readJpeg(bytes, view);
      case 'png':
        return readPng(view);
      case 'webp':
        return readWebp(view);
      case 'gif':
        return readGif(view);
    }
  } catch (error) {
    // A DataView throws it where the bytes end.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
