import { sniffFormat } from './format';

const text = (value: string): Uint8Array => Buffer.from(value, 'latin1');

describe('sniffFormat', () => {
  it.each([
    ['jpeg', text('\xff\xd8\xff\xe0')],
    ['png', text('\x89PNG\r\n\x1a\n....')],
    ['webp', text('RIFF\x00\x00\x00\x00WEBPVP8 ')],
    ['gif', text('GIF87a')],
    ['gif', text('GIF89a')],
  ])('knows %s by its first bytes', (format, bytes) => {
    expect(sniffFormat(bytes)).toEqual({ format });
  });

  it.each([
    ['heic', text('\x00\x00\x00\x18ftypheic')],
    ['heix, of 10 bits', text('\x00\x00\x00\x18ftypheix')],
    ['hevx, of a sequence', text('\x00\x00\x00\x18ftyphevx')],
    ['mif1 first', text('\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1heicmiaf')],
    ['cut off', text('\x00\x00\xff\xffftypmif1\x00\x00\x00\x00heic')],
  ])('says of a HEIC image what to do: %s', (_, bytes) => {
    expect(sniffFormat(bytes)).toEqual({
      format: null,
      found: 'a HEIC image, as iPhones save photos',
      remedy: expect.stringMatching(/^Make a JPEG of it .*Most Compatible\.$/),
    });
  });

  it.each([
    ['nothing (0 bytes)', text('')],
    ['an SVG drawing', text('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ['an SVG drawing', text('\xef\xbb\xbf<?xml version="1.0"?>\n<!-- made by hand -->\n<svg width="1">')],
    ['an XML document', text('<?xml version="1.0"?><feed/>')],
    ['an HTML page', text('\n<!DOCTYPE html><html><body>404</body></html>')],
    ['a PDF document', text('%PDF-1.7')],
    ['a TIFF image', text('II*\x00\x08')],
    ['a TIFF image', text('MM\x00*')],
    ['a BMP image', text('BM6\x00\x0c')],
    ['an ICO image', text('\x00\x00\x01\x00\x01')],
    ['an AVIF image', text('\x00\x00\x00\x20ftypavif')],
    ['an AVIF image', text('\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avifmiaf')],
    ['a HEIF image', text('\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1miaf')],
    ['a video (MP4 or QuickTime)', text('\x00\x00\x00\x18ftypisom')],
    ['a JPEG XL image', text('\xff\x0a\x00')],
    ['a JPEG 2000 image', text('\x00\x00\x00\x0cjP  \r\n')],
    ['a Netpbm image', text('P6\n1 1\n255\n')],
    ['a ZIP archive', text('PK\x03\x04')],
    ['gzip-compressed data', text('\x1f\x8b\x08')],
    ['JSON text', text('{"image": "x"}')],
    ['a data: URI as text', text('data:image/png;base64,iVBORw0KGgo=')],
    ['a base64-encoded image', text('iVBORw0KGgoAAAANSUhEUg')],
    ['a base64-encoded image', text('/9j/4AAQSkZJRg')],
    ['text', text('hello')],
    ['data in no known image format', text('\x01\x02\x03\x04')],
    ['data in no known image format', text('RIFF\x00\x00\x00\x00WAVE')],
    ['data in no known image format', text('\xff\xd8')],
  ])('names what came instead: %s', (found, bytes) => {
    expect(sniffFormat(bytes)).toEqual({ format: null, found });
  });
});
