import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** By the names of OpenSSL: the curves of the format, each with the hash of ECDSA that it goes with. */
const HASHES = new Map([
  ['prime256v1', 'sha256'],
  ['secp384r1', 'sha384'],
  ['secp521r1', 'sha512'],
]);
/** A key takes some 200 bytes. */
const MOST_BYTES = 64 * 1024;
const MAKE_ONE =
  'make one by "openssl ecparam -name prime256v1 -genkey -noout -out key.pem" and "openssl ec -in key.pem -pubout -out key.pub"';

/** A key cannot be read or is no such key; the message says which file, and what to do. */
export class InvalidKeyError extends Error {}

export interface PublicKey {
  /** SHA-256 of the key as PEM, 64 hex digits: what a signature names it by. */
  id: string;
  key: KeyObject;
  /** Of ECDSA. */
  hash: string;
  /** The file that it was read from. */
  file: string;
}

export interface PrivateKey {
  key: KeyObject;
  public: PublicKey;
}

/**
 * Public keys for ECDSA with P-256, P-384 or P-521, as PEM.
 * @param paths files, each with one key or more, or folders of such files
 * @throws InvalidKeyError
 */
export async function readPublicKeys(paths: readonly string[]): Promise<PublicKey[]> {
  const keys = new Map<string, PublicKey>();
  for (const path of paths) {
    for (const file of await filesOf(path)) {
      for (const key of publicKeysOf(file, await readKeyFile(file))) keys.set(key.id, key);
    }
  }
  return [...keys.values()];
}

/** @param passphrase of a file that is encrypted @throws InvalidKeyError */
export async function readPrivateKey(file: string, passphrase?: string): Promise<PrivateKey> {
  const pem = await readKeyFile(file);
  if (/-----BEGIN PUBLIC KEY-----/.test(pem)) {
    throw new InvalidKeyError(`${file} has a public key, which cannot sign; give the private one`);
  }
  if (passphrase === undefined && /ENCRYPTED/.test(pem)) {
    throw new InvalidKeyError(`${file} is encrypted; put its passphrase into EYRIE_KEY_PASSPHRASE`);
  }
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: pem, passphrase });
  } catch (error) {
    const { message } = error as Error;
    const why = passphrase === undefined ? message : `${message}; is EYRIE_KEY_PASSPHRASE right?`;
    throw new InvalidKeyError(`${file} has no private key that can be read: ${why}; ${MAKE_ONE}`);
  }
  return { key, public: describe(file, createPublicKey(key)) };
}

/** Of a folder, all but what begins with a dot: so a ConfigMap or a Secret is mounted. */
async function filesOf(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = (await readdir(path)).filter((name) => !name.startsWith('.')).sort();
    if (names.length > 0) return names.map((name) => join(path, name));
  } catch (error) {
    throw unreadable(path, error);
  }
  throw new InvalidKeyError(`the folder ${path} has no files; put public keys there, or name them one by one`);
}

async function readKeyFile(file: string): Promise<string> {
  try {
    const found = await stat(file);
    if (!found.isFile()) throw new Error('it is no file');
    if (found.size > MOST_BYTES) throw new Error(`it has ${found.size} bytes, which is no key`);
    return await readFile(file, 'utf8');
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(path: string, error: unknown): InvalidKeyError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new InvalidKeyError(`cannot read the key ${path}: ${code === 'ENOENT' ? 'it is not there' : message}`);
}

function publicKeysOf(file: string, text: string): PublicKey[] {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    throw new InvalidKeyError(
      `${file} has a private key; whoever checks signatures needs the public one only: openssl ec -in ${file} -pubout`,
    );
  }
  const blocks = text.match(/-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----/g) ?? [];
  if (blocks.length === 0) throw new InvalidKeyError(`${file} has no PEM block "PUBLIC KEY"; ${MAKE_ONE}`);
  return blocks.map((pem) => {
    let key: KeyObject;
    try {
      key = createPublicKey(pem);
    } catch (error) {
      throw new InvalidKeyError(`${file} has a public key that cannot be read: ${(error as Error).message}`);
    }
    return describe(file, key);
  });
}

function describe(file: string, key: KeyObject): PublicKey {
  const curve = key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType ?? 'unknown';
  const hash = HASHES.get(curve);
  if (hash === undefined) {
    throw new InvalidKeyError(
      `${file} has a key of the kind ${curve}; it must be one of P-256, P-384 or P-521: ${MAKE_ONE}`,
    );
  }
  const pem = key.export({ type: 'spki', format: 'pem' });
  return { id: createHash('sha256').update(pem).digest('hex'), key, hash, file };
}
