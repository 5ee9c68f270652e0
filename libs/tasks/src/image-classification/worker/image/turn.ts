import type { Pixels } from './pixels';

/** Where a pixel of the turned image comes from: @param right @param down of the image as it is stored, its last column and row */
type Source = (x: number, y: number, right: number, down: number) => [number, number];

/** By EXIF's number (Exif 3.0, 4.6.5.1.8). */
const SOURCES: Readonly<Record<number, Source>> = {
  2: (x, y, right) => [right - x, y],
  3: (x, y, right, down) => [right - x, down - y],
  4: (x, y, _, down) => [x, down - y],
  5: (x, y) => [y, x],
  6: (x, y, _, down) => [y, down - x],
  7: (x, y, right, down) => [right - y, down - x],
  8: (x, y, right) => [right - y, x],
};

/** Turns an image as its orientation says, 1 to 8. */
export function turn(pixels: Pixels, orientation: number): Pixels {
  const source = SOURCES[orientation];
  if (!source) return pixels;
  const { data, width, height, reducedFrom } = pixels;
  const isOnItsSide = orientation >= 5;
  const size = isOnItsSide ? { width: height, height: width } : { width, height };
  // What one step to the right and one step down on the turned image are in the stored one.
  const index = (x: number, y: number): number => {
    const [fromX, fromY] = source(x, y, width - 1, height - 1);
    return (fromY * width + fromX) * 3;
  };
  const [start, right, down] = [index(0, 0), index(1, 0) - index(0, 0), index(0, 1) - index(0, 0)];
  const turned = new Uint8Array(data.length);
  let to = 0;
  for (let y = 0; y < size.height; y++) {
    let from = start + y * down;
    for (let x = 0; x < size.width; x++, from += right) {
      turned[to++] = data[from]!;
      turned[to++] = data[from + 1]!;
      turned[to++] = data[from + 2]!;
    }
  }
  const before = isOnItsSide && reducedFrom ? { width: reducedFrom.height, height: reducedFrom.width } : reducedFrom;
  return { data: turned, ...size, ...(before && { reducedFrom: before }) };
}
