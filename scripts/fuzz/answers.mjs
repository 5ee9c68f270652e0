// A web server whose answers are odd, for images by URL.
import { createServer } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const head = (lines) => Buffer.from(`HTTP/1.1 ${lines.join('\r\n')}\r\n\r\n`, 'latin1');
const ENCODINGS = ['', 'gzip', 'br', 'deflate', 'zstd', 'gzip, gzip', 'identity', 'x'.repeat(3000), 'constructor'];
const LENGTHS = [(n) => n, (n) => n + 1000, (n) => Math.floor(n / 2), () => -1, () => '1e3', () => 10 ** 12, () => 0];
const LOCATIONS = ['/a', '//10.0.0.1/', 'http://[::1]:1/', 'file:///etc/passwd', '', ' ', 'http://', '/\u00e4\u00c3\u00a4', '/?'.repeat(3000), 'javascript:1', '\\\\x\\y']; // prettier-ignore

/** Listens on loopback. @returns {Promise<{ host: string, close: () => void }>} */
export async function oddServer(random, image) {
  const packed = new Map([
    ['gzip', gzipSync(image)],
    ['br', brotliCompressSync(image)],
  ]);
  const bomb = gzipSync(Buffer.alloc(50_000_000));
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.once('data', () => answer(socket));
  });
  const answer = (socket) => {
    const encoding = random.of(ENCODINGS);
    const body = random.of([image, packed.get(encoding) ?? image, bomb, Buffer.alloc(0), Buffer.from('<html>')]);
    const lines = [`${random.of([200, 200, 200, 206, 204, 301, 302, 304, 404, 429, 500, 503])} x`];
    if (encoding) lines.push(`Content-Encoding: ${encoding}`);
    if (random.chance(0.7)) lines.push(`Content-Length: ${random.of(LENGTHS)(body.length)}`);
    if (random.chance(0.3)) lines.push(`Location: ${random.of(LOCATIONS)}`);
    if (random.chance(0.1)) lines.push('Transfer-Encoding: chunked');
    if (random.chance(0.1)) lines.push(`Retry-After: ${random.of(['0', '1', '-1', '99999999999', 'soon'])}`);
    switch (random.below(12)) {
      case 0:
        return socket.resetAndDestroy();
      case 1:
        return;
      case 2:
        return void socket.end('SSH-2.0-x\r\n');
      case 3:
        return void socket.end(Buffer.concat([head(lines), body]).subarray(0, random.below(200)));
      default:
        socket.end(Buffer.concat([head(lines), body]));
    }
  };
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${server.address().port}`,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
