import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes a new pair of keys, as openssl would. @returns the paths */
export function writeKeys(
  folder: string,
  name: string,
  curve: 'P-256' | 'P-384' | 'P-521' = 'P-256',
): { privateKey: string; publicKey: string } {
  mkdirSync(folder, { recursive: true });
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curve });
  const paths = { privateKey: join(folder, `${name}.pem`), publicKey: join(folder, `${name}.pub`) };
  writeFileSync(paths.privateKey, privateKey.export({ type: 'sec1', format: 'pem' }));
  writeFileSync(paths.publicKey, publicKey.export({ type: 'spki', format: 'pem' }));
  return paths;
}
