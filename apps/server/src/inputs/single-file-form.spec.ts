import { randomBytes } from 'node:crypto';
import { PART_OVERHEAD, SingleFileForm } from './single-file-form';

const TYPE = 'multipart/form-data; boundary=----x1';
const DISPOSITION = 'Content-Disposition: form-data; name="file"; filename="a.jpg"';
const file = randomBytes(5000);

function form(head: string, bytes: Buffer = file, end = '\r\n------x1--\r\n'): Buffer {
  return Buffer.concat([Buffer.from(`------x1\r\n${head}\r\n\r\n`), bytes, Buffer.from(end)]);
}

function singleFileOf(contentType: string | undefined, body: Buffer, field: string): Buffer | undefined {
  return new SingleFileForm(contentType, field).fileOf(body);
}

/** After how many bytes, one by one, it is clear that the body is another one; undefined if it never is. */
function refusedAt(body: Buffer): number | undefined {
  const reader = new SingleFileForm(TYPE, 'file');
  for (let length = 0; length < body.length; length++) {
    if (!reader.mayBegin(body.subarray(0, length))) return length;
  }
  return undefined;
}

describe('a form that comes byte by byte', () => {
  it('may be one with a single file until its end', () => {
    expect(refusedAt(form(`${DISPOSITION}\r\nContent-Type: image/jpeg`))).toBeUndefined();
    expect(refusedAt(form(DISPOSITION, Buffer.from('\r\n--\r\n------x\r\n------')))).toBeUndefined();
  });

  it('is another one as soon as its headers are there, or a second part begins', () => {
    const other = form(DISPOSITION.replace('"file"', '"image"'));
    expect(refusedAt(other)).toBe(other.indexOf('\r\n\r\n') + 4);
    const twice = form(DISPOSITION, file, `\r\n------x1\r\n${DISPOSITION}\r\n\r\nx\r\n------x1--\r\n`);
    expect(refusedAt(twice)).toBe(twice.lastIndexOf(DISPOSITION) - 1);
    expect(refusedAt(form(`${DISPOSITION}\r\nContent-Type: ${'x'.repeat(PART_OVERHEAD)}`))).toBe(PART_OVERHEAD);
  });
});

describe('singleFileOf', () => {
  it.each([
    ['with a type', form(`${DISPOSITION}\r\nContent-Type: image/jpeg`)],
    ['without a type', form(DISPOSITION)],
    ['without a line end at its end', form(DISPOSITION, file, '\r\n------x1--')],
    ['with headers in small letters', form(DISPOSITION.toLowerCase())],
  ])('finds a file %s', (_, body) => {
    expect(singleFileOf(TYPE, body, 'file')).toEqual(file);
  });

  it('finds it in what FormData makes', async () => {
    const data = new FormData();
    data.set('file', new Blob([file], { type: 'image/png' }), 'ä"b.png');
    data.set('file', new Blob([file]), 'plain.png');
    const request = new Request('http://localhost', { method: 'POST', body: data });
    const body = Buffer.from(await request.arrayBuffer());
    expect(singleFileOf(request.headers.get('content-type')!, body, 'file')).toEqual(file);
  });

  it.each([
    ['an empty file', Buffer.alloc(0)],
    ['one that begins and ends with line ends', Buffer.from('\r\n\r\n--\r\n')],
    ['one that has the boundary in another line', Buffer.from('a------x1--\r\n')],
  ])('keeps %s as it is', (_, bytes) => {
    expect(singleFileOf(TYPE, form(DISPOSITION, bytes), 'file')).toEqual(bytes);
  });

  it.each([
    ['another field', form(DISPOSITION.replace('"file"', '"image"'))],
    ['a field that is no file', form('Content-Disposition: form-data; name="file"')],
    ['a file input that was left empty', form(DISPOSITION.replace('a.jpg', ''), Buffer.alloc(0))],
    ['a name with an escape', form(DISPOSITION.replace('a.jpg', 'a\\"b.jpg'))],
    ['an encoded file name', form(`${DISPOSITION}; filename*=UTF-8''b.jpg`)],
    ['another header', form(`${DISPOSITION}\r\nContent-Transfer-Encoding: base64`)],
    ['two files', form(DISPOSITION, form(DISPOSITION).subarray(10), '\r\n------x1--\r\n')],
    ['a second part', form(DISPOSITION, file, `\r\n------x1\r\n${DISPOSITION}\r\n\r\nx\r\n------x1--\r\n`)],
    ['something behind the end', form(DISPOSITION, file, '\r\n------x1--\r\nmore')],
    ['a boundary that is only the beginning of a line', form(DISPOSITION, file, '\r\n------x12--\r\n')],
    ['no end', form(DISPOSITION, file, '')],
    ['no head', Buffer.from('------x1\r\n')],
    ['nothing', Buffer.alloc(0)],
    ['something before the first part', Buffer.concat([Buffer.from('hello\r\n'), form(DISPOSITION)])],
    ['another boundary', Buffer.from(form(DISPOSITION).toString('latin1').replaceAll('----x1', '----y1'), 'latin1')],
    ['very long headers', form(`${DISPOSITION}\r\nContent-Type: ${'x'.repeat(PART_OVERHEAD)}`)],
  ])('leaves a body with %s to the parser', (_, body) => {
    expect(singleFileOf(TYPE, body, 'file')).toBeUndefined();
  });

  it.each([undefined, 'multipart/form-data', 'multipart/form-data; boundary="a b"', `${TYPE}; charset=utf-8`])(
    'leaves the content type %s to the parser',
    (type) => {
      expect(singleFileOf(type, form(DISPOSITION), 'file')).toBeUndefined();
    },
  );
});
