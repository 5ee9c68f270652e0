import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder, type TemporaryFolder } from '#testing/registry';
import { writeKeys } from '#testing/signing-keys';
import { makeBundle, openBundle, preAuthenticationEncoding } from './bundle';
import { type PrivateKey, type PublicKey, readPrivateKey, readPublicKeys } from './keys';
import { OPENSSF_PUBLIC_KEY, OPENSSF_SIGNATURE } from './openssf.fixture';
import { digestsIn, statementOf } from './statement';

const SHA256 = (text: string) => createHash('sha256').update(text).digest('hex');
const DIGESTS = new Map([
  ['b', SHA256('2')],
  ['a', SHA256('1')],
]);

let folder: TemporaryFolder;
let key: PrivateKey;
let other: PrivateKey;
beforeAll(async () => {
  folder = temporaryFolder();
  key = await readPrivateKey(writeKeys(folder.path, 'key').privateKey);
  other = await readPrivateKey(writeKeys(folder.path, 'other').privateKey);
});
afterAll(() => folder.remove());

interface Bundle {
  mediaType: string;
  verificationMaterial: Record<string, unknown>;
  dsseEnvelope: { payload: string; payloadType: string; signatures: { sig: string }[] };
}
type Statement = Record<string, unknown> & {
  predicate: { serialization: { method: string }; resources: Record<string, unknown>[] };
};
const statement = () => JSON.parse(JSON.stringify(statementOf('m/1', DIGESTS, []))) as Statement;
const digestsOf = (text: string, keys: PublicKey[]) => digestsIn(openBundle(text, keys).statement);
const signed = (change: (bundle: Bundle) => void = () => undefined) => {
  const bundle = makeBundle(statement(), key) as Bundle;
  change(bundle);
  return JSON.stringify(bundle);
};

it('encodes what is signed as the protocol of DSSE has it', () => {
  const encoded = preAuthenticationEncoding(Buffer.from('hello world'), 'http://example.com/HelloWorld');
  expect(encoded.toString()).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
});

it('takes what the OpenSSF tool has signed', async () => {
  const file = join(folder.path, 'openssf.pub');
  writeFileSync(file, OPENSSF_PUBLIC_KEY);
  const { statement: found, by } = openBundle(OPENSSF_SIGNATURE, await readPublicKeys([file]));
  expect(by.file).toBe(file);
  expect([...digestsIn(found)]).toEqual([
    ['a.txt', SHA256('hello\n')],
    ['b/c.txt', SHA256('world\n')],
  ]);
});

it.each(['P-256', 'P-384', 'P-521'] as const)(
  'signs and checks by %s, whichever other keys are trusted',
  async (curve) => {
    const own = await readPrivateKey(writeKeys(folder.path, curve, curve).privateKey);
    const text = JSON.stringify(makeBundle(statementOf('m/1', DIGESTS, []), own));
    const { by } = openBundle(text, [other.public, own.public, key.public]);
    expect(by.id).toBe(own.public.id);
  },
);

it('tries all keys where the signature names none', () => {
  const text = signed((bundle) => (bundle.verificationMaterial = {}));
  expect([...digestsOf(text, [other.public, key.public])].sort()).toEqual([...DIGESTS].sort());
});

const NAMES_OTHER = (bundle: Bundle) => (bundle.verificationMaterial = { publicKey: { hint: other.public.id } });

it.each<[string, (bundle: Bundle) => void, RegExp]>([
  [
    'of another payload',
    (b) => (b.dsseEnvelope.payload = Buffer.from('{}').toString('base64')),
    /is no signature by a key that is trusted/,
  ],
  [
    'cut off',
    ({ dsseEnvelope: { signatures } }) => (signatures[0]!.sig = signatures[0]!.sig.slice(0, 40)),
    /is no signature by/,
  ],
  ['empty', ({ dsseEnvelope: { signatures } }) => (signatures[0]!.sig = ''), /is no signature by/],
  ['said to be by another trusted key', NAMES_OTHER, /is no signature by/],
  [
    'by a key that is not trusted',
    (b) => (b.verificationMaterial = { publicKey: { hint: 'f'.repeat(64) } }),
    /by the key "ffff.*not trusted/,
  ],
  ['by way of a certificate', (b) => (b.verificationMaterial = { certificate: { rawBytes: '' } }), /certificate; only/],
  ['of two', ({ dsseEnvelope: { signatures } }) => signatures.push(signatures[0]!), /no payload with one signature/],
  ['of none', (b) => (b.dsseEnvelope.signatures = []), /no payload with one signature/],
  [
    'of another type',
    (b) => (b.dsseEnvelope.payloadType = 'text/plain'),
    /has the payloadType "text\/plain"; it must be/,
  ],
  ['in another bundle', (b) => (b.mediaType = 'application/json'), /has the mediaType/],
  ['in no bundle', (b) => delete (b as Partial<Bundle>).dsseEnvelope, /has the payloadType undefined/],
])('refuses a signature %s', (_, change, reason) => {
  expect(() => digestsOf(signed(change), [other.public, key.public])).toThrow(reason);
});

it.each(['', '[', 'null', '[]', '7', `${'['.repeat(100_000)}`])('refuses %j for a signature, by a sentence', (text) => {
  expect(() => digestsOf(text, [key.public])).toThrow(/^model\.sig (is not valid JSON|has the mediaType)/);
});

it('refuses one that is nested without end, by a sentence', () => {
  const deep = `{"mediaType":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  expect(() => digestsOf(deep, [key.public])).toThrow('model.sig is nested more than 32 levels deep');
});

it.each<[string, (statement: Statement) => unknown, RegExp]>([
  ['another predicate', (s) => (s.predicateType = 'https://slsa.dev/provenance/v1'), /has the predicateType/],
  ['another statement', (s) => (s._type = 'https://in-toto.io/Statement/v0.1'), /has the _type/],
  ['pieces of files', (s) => (s.predicate.serialization.method = 'shards'), /signs "shards", not files/],
  ['no files', (s) => (s.predicate.resources = []), /names no files/],
  ['another hash', (s) => (s.predicate.resources[0]!.algorithm = 'blake2b'), /than SHA-256: "blake2b"/],
  ['half a digest', (s) => (s.predicate.resources[0]!.digest = 'abc'), /has no SHA-256 of a/],
  [
    'a file twice',
    (s) => s.predicate.resources.push({ ...s.predicate.resources[0], digest: SHA256('3') }),
    /names a twice/,
  ],
  ['another subject', (s) => (s.predicate.resources[0]!.digest = SHA256('3')), /subject whose digest/],
  ['a file without a name', (s) => delete s.predicate.resources[0]!.name, /without a name/],
])('refuses %s, though it is signed', (_, change, reason) => {
  const changed = statement();
  change(changed);
  const text = JSON.stringify(makeBundle(changed, key));
  expect(() => digestsOf(text, [key.public])).toThrow(reason);
});
