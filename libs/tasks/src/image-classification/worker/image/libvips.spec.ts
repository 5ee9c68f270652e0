import { sharp } from './libvips';

// The look at the first bytes comes before; this is what holds when it is fooled.
it.each([
  ['SVG', '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>'],
  ['PPM', 'P6\n1 1\n255\nabc'],
])('has no decoder for %s', async (_, file) => {
  await expect(sharp(Buffer.from(file)).metadata()).rejects.toThrow(/unsupported image format/);
});

it('has no decoder for TIFF', async () => {
  const tiff = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
    .tiff()
    .toBuffer();
  await expect(sharp(tiff).metadata()).rejects.toThrow(/unsupported image format/);
});

it.each(['jpeg', 'png', 'webp', 'gif'] as const)('decodes %s', async (format) => {
  const file = await sharp({ create: { width: 8, height: 6, channels: 3, background: 'red' } })
    .toFormat(format)
    .toBuffer();
  await expect(sharp(file).metadata()).resolves.toMatchObject({ format, width: 8, height: 6 });
});
