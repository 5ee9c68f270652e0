import { createHash } from 'node:crypto';
import { InvalidVersionError } from '../versions/invalid-version';

const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
const PREDICATE_TYPE = 'https://model_signing/signature/v1.0';
const SHA256 = /^[0-9a-f]{64}$/;

/** The name of a file inside the version's folder, with `/` → its SHA-256, 64 lower-case hex digits. */
export type Digests = ReadonlyMap<string, string>;

/**
 * What is signed: an in-toto Statement (github.com/in-toto/attestation, spec/v1) with the predicate of OpenSSF Model Signing 1.0
 * (github.com/sigstore/model-transparency, docs/model_signing_format.md), by file and with SHA-256. Its subject has the SHA-256 of all
 * digests, one after the other.
 * @param name of what is signed, for people
 * @param passedOver names of files that are there and not signed
 */
export function statementOf(name: string, digests: Digests, passedOver: readonly string[]): object {
  const sorted = [...digests].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    _type: STATEMENT_TYPE,
    subject: [{ name, digest: { sha256: rootOf(sorted.map(([, digest]) => digest)) } }],
    predicateType: PREDICATE_TYPE,
    predicate: {
      serialization: { method: 'files', hash_type: 'sha256', allow_symlinks: false, ignore_paths: passedOver },
      resources: sorted.map(([file, digest]) => ({ name: file, algorithm: 'sha256', digest })),
    },
  };
}

/** @param statement parsed JSON, whose signature has been found right @throws InvalidVersionError */
export function digestsIn(statement: unknown): Digests {
  requireEqual('_type', at(statement, '_type'), STATEMENT_TYPE);
  requireEqual('predicateType', at(statement, 'predicateType'), PREDICATE_TYPE);
  const method = at(statement, 'predicate', 'serialization', 'method');
  if (method !== 'files') throw wrong(`signs ${JSON.stringify(method)}, not files; sign without --shard_size`);
  const resources = at(statement, 'predicate', 'resources');
  if (!Array.isArray(resources) || resources.length === 0) throw wrong('names no files in predicate.resources');
  const digests = new Map<string, string>();
  for (const resource of resources as unknown[]) {
    const [name, algorithm, digest] = ['name', 'algorithm', 'digest'].map((key) => at(resource, key));
    if (typeof name !== 'string' || name === '') throw wrong('has a file without a name');
    if (algorithm !== 'sha256') throw wrong(`has another digest of ${name} than SHA-256: ${JSON.stringify(algorithm)}`);
    if (typeof digest !== 'string' || !SHA256.test(digest)) throw wrong(`has no SHA-256 of ${name}`);
    if (digests.has(name)) throw wrong(`names ${name} twice`);
    digests.set(name, digest);
  }
  const subjects = at(statement, 'subject');
  const root = Array.isArray(subjects) && subjects.length === 1 ? at(subjects[0], 'digest', 'sha256') : undefined;
  if (root !== rootOf([...digests.values()])) throw wrong('has a subject whose digest is not that of its files');
  return digests;
}

function rootOf(digests: readonly string[]): string {
  const hash = createHash('sha256');
  for (const digest of digests) hash.update(digest, 'hex');
  return hash.digest('hex');
}

/** What lies below these keys of parsed JSON; undefined where that is not there. */
export function at(value: unknown, ...keys: string[]): unknown {
  for (const key of keys) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

export function requireEqual(field: string, found: unknown, expected: string): void {
  if (found !== expected)
    throw wrong(`has the ${field} ${JSON.stringify(found)?.slice(0, 200)}; it must be "${expected}"`);
}

/** @param what follows the name of the file */
export function wrong(what: string): InvalidVersionError {
  return new InvalidVersionError(`model.sig ${what}`);
}
