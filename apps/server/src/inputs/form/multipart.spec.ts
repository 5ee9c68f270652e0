import { randomBytes } from 'node:crypto';
import type { EyrieError } from '#core';
import { boundaryOf } from './boundary';
import { MultipartParser } from './multipart';
import type { PartHead } from './part-head';

const DISPOSITION = 'Content-Disposition: form-data; name="file"; filename="a.jpg"';
const file = randomBytes(5000);

function form(head: string, bytes: Buffer = file, end = '\r\n--x1--\r\n'): Buffer {
  return Buffer.concat([Buffer.from(`--x1\r\n${head}\r\n\r\n`, 'latin1'), bytes, Buffer.from(end)]);
}

interface Part extends PartHead {
  content: Buffer;
  isWhole: boolean;
}

function parse(body: Buffer, pieces = Infinity, boundary = 'x1'): Part[] {
  const parts: Part[] = [];
  const parser = new MultipartParser(boundary, (head) => {
    const part: Part = { ...head, content: Buffer.alloc(0), isWhole: false };
    parts.push(part);
    return {
      take: (bytes) => (part.content = Buffer.concat([part.content, bytes])),
      end: () => (part.isWhole = true),
    };
  });
  for (let at = 0; at < body.length; at += pieces) parser.write(body.subarray(at, at + pieces));
  parser.end();
  return parts;
}

const CONTENTS: [string, Buffer][] = [
  ['random bytes', file],
  ['nothing', Buffer.alloc(0)],
  ['line ends and hyphens', Buffer.from('\r\n\r\n--\r\n--x\r\n-')],
  ['the boundary inside of a line', Buffer.from('a--x1--\r\n')],
  ['boundaries without their line ends', Buffer.from('\n--x1\r--x1\n\r--x1')],
  ['beginnings of boundaries', Buffer.from('\r\n--'.repeat(500))],
];
it.each(CONTENTS)('keeps %s as it is, in pieces of any size', (_, content) => {
  const text = Buffer.from('7');
  const body = Buffer.concat([
    form(DISPOSITION, content, '\r\n'),
    form('Content-Disposition: form-data; name="top_k"', text),
  ]);
  for (const pieces of [1, 2, 3, 5, 64, Infinity]) {
    expect(parse(body, pieces)).toEqual([
      { name: 'file', fileName: 'a.jpg', content, isWhole: true },
      { name: 'top_k', fileName: undefined, content: text, isWhole: true },
    ]);
  }
});

it('reads what FormData writes', async () => {
  const data = new FormData();
  data.append('file', new Blob([file], { type: 'image/png' }), 'ä"b;.png');
  data.append('file', new Blob([file]));
  const request = new Request('http://localhost', { method: 'POST', body: data });
  const body = Buffer.from(await request.arrayBuffer());
  const parts = parse(body, 1000, boundaryOf(request.headers.get('content-type')!));
  expect(parts.map(({ name, fileName, content }) => [name, fileName, content])).toEqual([
    ['file', 'ä%22b;.png', file],
    ['file', 'blob', file],
  ]);
});

it.each([
  ['without a file name', 'Content-Disposition: form-data; name="file"', undefined],
  ['with a type only', 'Content-Disposition: form-data; name="file"\r\nContent-Type: image/jpeg', undefined],
  ['in small letters', 'content-disposition:form-data;name=file;filename=a.jpg', 'a.jpg'],
  ['with an escaped file name', 'Content-Disposition: form-data; name="file"; filename="a\\"b.jpg"', 'a"b.jpg'],
  ['with a path of Windows', 'Content-Disposition: form-data; name="file"; filename="C:\\x\\a.jpg"', 'C:\\x\\a.jpg'],
  ['with an encoded file name', `Content-Disposition: form-data; name="file"; filename*=UTF-8''b.jpg`, "UTF-8''b.jpg"],
  ['with an empty file name', 'Content-Disposition: form-data; name="file"; filename=""', ''],
  ['with a file name in Latin-1', 'Content-Disposition: form-data; name="file"; filename="\xe4.jpg"', 'ä.jpg'],
  ['with an encoding that changes nothing', `${DISPOSITION}\r\nContent-Transfer-Encoding: binary`, 'a.jpg'],
])('takes a part %s', (_, head, fileName) => {
  expect(parse(form(head))).toEqual([{ name: 'file', fileName, content: file, isWhole: true }]);
});

it.each([
  ['without a line end at its end', form(DISPOSITION, file, '\r\n--x1--')],
  ['with something behind its end', form(DISPOSITION, file, '\r\n--x1--\r\nmore\r\n--x1\r\n')],
  ['with something before its first part', Buffer.concat([Buffer.from('hello\r\n'), form(DISPOSITION)])],
  [
    'with blanks behind its boundaries',
    Buffer.from(form(DISPOSITION).toString('latin1').replace('x1', 'x1 \t'), 'latin1'),
  ],
])('takes a form %s', (_, body) => {
  for (const pieces of [1, Infinity]) expect(parse(body, pieces).map(({ content }) => content)).toEqual([file]);
});

it.each([
  ['nothing in it', Buffer.alloc(0), 'its boundary never comes'],
  ['another boundary', Buffer.from('--y1\r\n\r\n--y1--\r\n'), 'its boundary never comes'],
  ['a long beginning', Buffer.alloc(10_000), 'it does not begin with its boundary'],
  ['no end', form(DISPOSITION, file, ''), 'it ends before its last boundary'],
  ['half an end', form(DISPOSITION, file, '\r\n--x1-'), 'it ends before its last boundary'],
  ['an end in a head', Buffer.from('--x1\r\nContent-Dispo'), 'it ends before its last boundary'],
  ['a boundary that goes on', form(DISPOSITION, file, '\r\n--x12--\r\n'), 'a boundary is followed by something else'],
  ['many blanks behind a boundary', Buffer.from(`--x1${' '.repeat(9000)}`), 'a boundary is followed by something else'],
  ['a huge header', form(`${DISPOSITION}\r\nX-A: ${'a'.repeat(20_000)}`), 'have more than 4096 bytes'],
  ['a header without end', Buffer.from(`--x1\r\n${'a'.repeat(20_000)}`), 'have more than 4096 bytes'],
  ['many headers', form(`${DISPOSITION}${'\r\nA: b'.repeat(20)}`), 'more than 16 headers'],
  ['the same header twice', form(`${DISPOSITION}\r\n${DISPOSITION}`), 'two headers'],
  ['what is no header', form(`${DISPOSITION}\r\nnonsense`), 'a header of a part cannot be read'],
  ['a part without headers', form('').subarray(0), 'a part has no "Content-Disposition: form-data"'],
  ['another disposition', form('Content-Disposition: attachment; name="file"'), 'a part has no "Content-Disposition'],
  ['no name', form('Content-Disposition: form-data; filename="a.jpg"'), 'a part has no name'],
  ['two names', form('Content-Disposition: form-data; name="a"; name="file"'), 'a part has no name'],
  ['a name without its end', form('Content-Disposition: form-data; name="file'), 'a part has no name'],
  ['a form in it', form(`${DISPOSITION}\r\nContent-Type: multipart/mixed; boundary=y`), 'is a form itself'],
  ['base64', form(`${DISPOSITION}\r\nContent-Transfer-Encoding: base64`), 'has the Content-Transfer-Encoding base64'],
  [
    'text in UTF-16',
    form('Content-Disposition: form-data; name="top_k"\r\nContent-Type: text/plain; charset=utf-16'),
    'must be UTF-8, not utf-16',
  ],
])('refuses a form with %s', (_, body, says) => {
  for (const pieces of [1, 1000, Infinity]) {
    let error: EyrieError | undefined;
    try {
      parse(body, pieces);
    } catch (thrown) {
      error = thrown as EyrieError;
    }
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', message: expect.stringContaining(says) });
  }
});

it.each([
  ['multipart/form-data; boundary=x1', 'x1'],
  ['multipart/form-data;BOUNDARY="a b(1)"', 'a b(1)'],
  [
    'multipart/form-data; charset=utf-8; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW',
    '----WebKitFormBoundary7MA4YWxkTrZu0gW',
  ],
  [`multipart/form-data; boundary=${'b'.repeat(70)}`, 'b'.repeat(70)],
])('the boundary of %s is %s', (type, boundary) => {
  expect(boundaryOf(type)).toBe(boundary);
});

it.each([
  'multipart/form-data',
  'multipart/form-data; boundary=',
  'multipart/form-data; boundary=""',
  'multipart/form-data; boundary=" "',
  'multipart/form-data; boundary="a ',
  'multipart/form-data; boundary=\xe4',
  'multipart/form-data; boundary=a; boundary=b',
  `multipart/form-data; boundary=${'b'.repeat(71)}`,
])('%s names no boundary', (type) => {
  expect(() => boundaryOf(type)).toThrow(/must name one boundary of 1 to 70 characters/);
});
