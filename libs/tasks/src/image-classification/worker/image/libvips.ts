import sharp from 'sharp';

/*
 * The one place where sharp is imported and set up; it holds for the whole process.
 *
 * libvips can open dozens of formats, some through large, rarely hardened libraries. All loaders are blocked first and
 * four are let in again, so that a file that gets past our own look at its first bytes still finds no other decoder.
 */
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: [
    'VipsForeignLoadJpegBuffer',
    'VipsForeignLoadPngBuffer',
    'VipsForeignLoadWebpBuffer',
    'VipsForeignLoadNsgifBuffer',
  ],
});

// Every image is seen once, so libvips' operation cache would only hold memory.
sharp.cache(false);
// One thread an image: a worker decodes several at once, and the cores belong to ONNX Runtime as well.
sharp.concurrency(1);

export { sharp };
