// Requests that are none, and forms that are none. None of them may be answered with 200, none with 500.
import { raw, send } from '../send.mjs';

const REFUSED = (status) => status >= 400 && status < 500;

const FRAMES = {
  'two Host headers': 'GET /v1/models HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
  'no Host header': 'GET /v1/models HTTP/1.1\r\n\r\n',
  'HTTP/0.9': 'GET /v1/models\r\n\r\n',
  'two lengths': 'POST /v1/predict HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd',
  'a length and chunks':
    'POST /v1/predict HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'a folded header': 'GET /v1/models HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n',
  'a space before the colon': 'GET /v1/models HTTP/1.1\r\nHost : a\r\n\r\n',
  'a length below zero': 'POST /v1/predict HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n',
  'a NUL in the path': 'GET /v1/\0models HTTP/1.1\r\nHost: a\r\n\r\n',
};

const FILE = '--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\nxx';
const FORMS = {
  'an empty boundary': ['multipart/form-data; boundary=', `${FILE}\r\n--b--\r\n`],
  'no boundary': ['multipart/form-data', `${FILE}\r\n--b--\r\n`],
  'an empty quoted boundary': ['multipart/form-data; boundary=""', `${FILE}\r\n--b--\r\n`],
  'a boundary of 1,000 letters': [`multipart/form-data; boundary=${'b'.repeat(1000)}`, `${FILE}\r\n--b--\r\n`],
  'a boundary with a line break in it': ['multipart/form-data; boundary="a%0D%0Ab"', FILE],
  'no end': ['multipart/form-data; boundary=b', FILE],
  'nothing at all': ['multipart/form-data; boundary=b', ''],
  'a part whose headers never end': ['multipart/form-data; boundary=b', `--b\r\n${'X-A: b\r\n'.repeat(100_000)}`],
  '100,000 parts': [
    'multipart/form-data; boundary=b',
    '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'.repeat(100_000) + '--b--\r\n',
  ],
  'a name of 1 MiB': [
    'multipart/form-data; boundary=b',
    `--b\r\nContent-Disposition: form-data; name="${'a'.repeat(2 ** 20)}"\r\n\r\n1\r\n--b--\r\n`,
  ],
};

/** @type {import('../main.mjs').Attack[]} */
export const frameAttacks = [
  {
    name: `${Object.keys(FRAMES).length} requests that are none`,
    inShort: true,
    run: ({ url }) =>
      Promise.all(Object.entries(FRAMES).map(async ([what, bytes]) => refused(what, await raw(url, bytes)))),
  },
  {
    name: `${Object.keys(FORMS).length} forms that are none`,
    inShort: true,
    run: ({ url }) =>
      Promise.all(
        Object.entries(FORMS).flatMap(([what, [type, body]]) =>
          ['/v1/predict', '/v1/predict/batch'].map(async (path) => {
            const headers = { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) };
            return refused(`${what} (${path})`, [await send(url + path, { headers, body })]);
          }),
        ),
      ),
  },
];

/** A connection that is closed without a word is a refusal, too. */
function refused(what, statuses) {
  const status = statuses[0] ?? 'closed';
  return status === 'closed' || status === 'ECONNRESET' || status === 'EPIPE' || REFUSED(status)
    ? status
    : `${status} for ${what}`;
}
