import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvFile } from './env-file';

const folder = mkdtempSync(join(tmpdir(), 'eyrie-env-'));
afterAll(() => rmSync(folder, { recursive: true }));

const path = join(folder, '.env');
const read = (content: string | Uint8Array) => {
  writeFileSync(path, content);
  return readEnvFile(path);
};

it.each([
  ['as it is', 'PORT=1\nAPP_NAME="a b"\n'],
  ['with a byte order mark and the line ends of Windows', '\ufeffPORT=1\r\nAPP_NAME=a b\r\n'],
])('a file is read %s', (_, content) => {
  expect(read(content)).toEqual({ PORT: '1', APP_NAME: 'a b' });
});

it.each([
  [
    'UTF-16, as PowerShell writes it',
    Buffer.from('\ufeffPORT=1', 'utf16le'),
    /\.env is not UTF-8 text; save it as UTF-8/,
  ],
  ['UTF-16 without a mark', Buffer.from('PORT=1', 'utf16le'), /zero bytes/],
  ['Latin-1', Buffer.from('APP_NAME=Bär', 'latin1'), /\.env is not UTF-8 text/],
])('a file in %s is refused, not passed over', (_, content, reason) => {
  expect(() => read(content)).toThrow(reason);
});

it('nothing is said by a file that is not there', () => {
  expect(readEnvFile(join(folder, 'none'))).toEqual({});
  expect(readEnvFile(folder)).toEqual({});
});
