import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder, type TemporaryFolder } from '#testing/registry';
import { writeKeys } from '#testing/signing-keys';
import { InvalidKeyError, readPrivateKey, readPublicKeys } from './keys';

let folder: TemporaryFolder;
beforeAll(() => void (folder = temporaryFolder()));
afterAll(() => folder.remove());

const path = (name: string) => join(folder.path, name);
const write = (name: string, text: string) => (writeFileSync(path(name), text), path(name));

it('reads keys from files, from files with several, and from a folder as Kubernetes mounts it, each once', async () => {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => writeKeys(folder.path, name).publicKey) as [string, string, string];
  const both = write('both.pub', readFileSync(a, 'utf8') + readFileSync(b, 'utf8'));
  mkdirSync(path('mounted/..2026'), { recursive: true });
  writeFileSync(path('mounted/..2026/c.pub'), readFileSync(c));
  symlinkSync('..2026', path('mounted/..data'));
  symlinkSync('..data/c.pub', path('mounted/c.pub'));
  const ids = (await readPublicKeys([both, a, path('mounted')])).map(({ id }) => id);
  expect(ids).toHaveLength(3);
  expect(ids).toEqual((await readPublicKeys([a, b, c])).map(({ id }) => id));
});

it('reads an encrypted private key by its passphrase', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const encrypted = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open sesame' } as const;
  const file = write('locked.pem', privateKey.export(encrypted).toString());
  const [expected] = await readPublicKeys([
    write('locked.pub', publicKey.export({ type: 'spki', format: 'pem' }).toString()),
  ]);
  expect((await readPrivateKey(file, 'open sesame')).public.id).toBe(expected!.id);
  await expect(readPrivateKey(file)).rejects.toThrow(/is encrypted; put its passphrase into EYRIE_KEY_PASSPHRASE/);
  await expect(readPrivateKey(file, 'wrong')).rejects.toThrow(/is EYRIE_KEY_PASSPHRASE right\?/);
});

const ED25519 = () => generateKeyPairSync('ed25519');

it.each<[string, () => string, RegExp]>([
  ['a file that is not there', () => path('nowhere.pub'), /nowhere\.pub: it is not there/],
  ['an empty folder', () => (mkdirSync(path('empty')), path('empty')), /empty has no files/],
  ['a private key', () => writeKeys(folder.path, 'private').privateKey, /has a private key; .* public one only/],
  ['something else', () => write('else.pub', 'ssh-ed25519 AAAA'), /no PEM block "PUBLIC KEY"; make one by "openssl/],
  ['a large file', () => write('large.pub', 'x'.repeat(100_000)), /has 100000 bytes, which is no key/],
  [
    'half a key',
    () => write('half.pub', '-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----'),
    /cannot be read/,
  ],
  [
    'another kind of key',
    () => write('ed.pub', ED25519().publicKey.export({ type: 'spki', format: 'pem' }).toString()),
    /of the kind ed25519; it must be one of P-256, P-384 or P-521/,
  ],
])('refuses %s for a public key, and says what to do', async (_, make, reason) => {
  const reading = readPublicKeys([make()]);
  await expect(reading).rejects.toThrow(reason);
  await expect(reading).rejects.toBeInstanceOf(InvalidKeyError);
});

it.each<[string, () => string, RegExp]>([
  ['a file that is not there', () => path('nowhere.pem'), /nowhere\.pem: it is not there/],
  ['a public key', () => writeKeys(folder.path, 'public').publicKey, /has a public key, which cannot sign/],
  ['something else', () => write('else.pem', 'secret words'), /no private key that can be read/],
  [
    'another kind of key',
    () => write('ed.pem', ED25519().privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
    /of the kind ed25519/,
  ],
])('refuses %s for a private key, and shows nothing of it', async (_, make, reason) => {
  const reading = readPrivateKey(make());
  await expect(reading).rejects.toThrow(reason);
  await expect(reading).rejects.not.toThrow(/secret words/);
});
