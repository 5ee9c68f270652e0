import { readFirstFrame } from './gif';

const PALETTE = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
const CONTROL = (transparent: number | null): number[] => [
  0x21,
  0xf9,
  4,
  transparent === null ? 0 : 1,
  0,
  0,
  transparent ?? 0,
  0,
];
const COMMENT = [0x21, 0xfe, 3, 0x2c, 0x2c, 0x2c, 2, 0x2c, 0x2c, 0];
const SCREEN = (packed: number): number[] => [...Buffer.from('GIF89a'), 20, 0, 10, 0, packed, 0, 0];
const IMAGE = (packed: number): number[] => [0x2c, 2, 0, 1, 0, 0x10, 1, 5, 0, packed];
const FRAME = { left: 2, top: 1, width: 272, height: 5 };

describe('readFirstFrame', () => {
  it.each([
    ['of the transparent index', [...SCREEN(0x81), ...PALETTE, ...CONTROL(2), ...IMAGE(0)], [7, 8, 9]],
    ['of index 0 without one', [...SCREEN(0x81), ...PALETTE, ...CONTROL(null), ...IMAGE(0)], [1, 2, 3]],
    [
      'past other extensions',
      [...SCREEN(0x81), ...PALETTE, ...COMMENT, ...CONTROL(3), ...COMMENT, ...IMAGE(0)],
      [10, 11, 12],
    ],
    ['of the frame’s own palette', [...SCREEN(0), ...CONTROL(1), ...IMAGE(0x81), ...PALETTE], [4, 5, 6]],
  ])('gives the colour %s', (_, bytes, backdrop) => {
    expect(readFirstFrame(Uint8Array.from(bytes))).toEqual({ frame: FRAME, backdrop });
  });

  it('gives nothing for a file that ends before its first frame', () => {
    const bytes = Uint8Array.from([...SCREEN(0x81), ...PALETTE, ...CONTROL(2), ...IMAGE(0)]);
    for (let length = 0; length < bytes.length; length++) {
      expect(readFirstFrame(bytes.subarray(0, length))).toBeUndefined();
    }
  });
});
