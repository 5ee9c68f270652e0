// multipart/form-data that is nearly right.

const NAMES = ['file', 'files', 'top_k', 'model', 'version', '', 'note', '_charset_', '"', 'a'.repeat(5000)];
const DISPOSITIONS = [
  (name) => `Content-Disposition: form-data; name="${name}"; filename="a.png"`,
  (name) => `Content-Disposition: form-data; name="${name}"`,
  (name) => `Content-Disposition: form-data; name="${name}"; filename=""`,
  (name) => `Content-Disposition: form-data; name="${name}"; filename*=UTF-8''%ff%00`,
  (name) => `content-disposition:form-data;name=${name}`,
  () => 'Content-Disposition: form-data',
  () => 'Content-Disposition: attachment; filename="a.png"',
  () => 'Content-Disposition',
  () => '',
];
const HEADERS = [
  'Content-Type: image/png',
  'Content-Type: multipart/mixed; boundary=y',
  'Content-Type: text/plain; charset=utf-7',
  'Content-Type: message/rfc822',
  'Content-Transfer-Encoding: base64',
  'Content-Length: 99999999999',
  `X-A: ${'a'.repeat(9000)}`,
  ...Array.from({ length: 3 }, () => 'X-A: b\r\nX-A: c'),
  ': empty',
  'no header',
];
const BOUNDARIES = [
  'x1',
  'x1',
  'x1',
  '',
  '""',
  ' ',
  '"a b"',
  'b'.repeat(70),
  'b'.repeat(71),
  '-',
  'x1; boundary=y',
  '\u00e4',
  'x1\t',
];
const ENDS = [
  '\r\n--x1--\r\n',
  '\r\n--x1--',
  '\r\n--x1',
  '\r\n--x1-',
  '',
  '\n--x1--\n',
  '\r\n--x1--\r\nmore',
  '\r\n--x12--\r\n',
];

/** @returns {{ type: string, body: Buffer }} */
export function hostileForm(random, file) {
  const contents = [
    file,
    Buffer.alloc(0),
    Buffer.from('3'),
    Buffer.from('text'),
    Buffer.from('\r\n--x'.repeat(random.below(5000))),
  ];
  const isFlood = random.chance(0.1);
  const parts = Array.from({ length: isFlood ? random.below(3000) : random.below(4) }, () => {
    const headers = [random.of(DISPOSITIONS)(random.chance(0.5) ? 'file' : random.of(NAMES))];
    for (let i = random.below(3); i > 0; i--) headers.push(random.of(HEADERS));
    return [Buffer.from(`\r\n--x1\r\n${headers.join('\r\n')}\r\n\r\n`), isFlood ? contents[2] : random.of(contents)];
  });
  const whole = Buffer.concat([...parts.flat(), Buffer.from(random.of(ENDS))]);
  const body = whole.subarray(
    random.chance(0.8) ? 2 : 0,
    random.chance(0.9) ? whole.length : random.below(whole.length + 1),
  );
  return { type: `multipart/form-data; boundary=${random.of(BOUNDARIES)}`, body };
}
