import { createHash } from 'node:crypto';
import { InvalidVersionError } from '../versions/invalid-version';
import { openBundle, SIGNATURE_FILE } from './bundle';
import type { PublicKey } from './keys';
import { type Digests, digestsIn } from './statement';

const MEND = 'put back what was signed, or sign the version again: "eyrie models sign"';

/** What a signature that was found right says of a version's files: each that is read must be as it was signed. */
export class SignedFiles {
  private constructor(
    private readonly digests: Digests,
    readonly by: PublicKey,
  ) {}

  /** @param text of the signature @throws InvalidVersionError */
  static open(text: string, keys: readonly PublicKey[]): SignedFiles {
    const { statement, by } = openBundle(text, keys);
    return new SignedFiles(digestsIn(statement), by);
  }

  /** @throws InvalidVersionError */
  requireContent(file: string, content: Uint8Array): void {
    this.requireDigest(file, createHash('sha256').update(content).digest('hex'));
  }

  /** @param sha256 64 lower-case hex digits @throws InvalidVersionError */
  requireDigest(file: string, sha256: string): void {
    const signed = this.digests.get(file);
    if (signed === sha256) return;
    const what = signed === undefined ? 'is not signed' : `has SHA-256 ${sha256} but ${signed} was signed`;
    throw new InvalidVersionError(`${file} ${what} by ${SIGNATURE_FILE}; ${MEND}`);
  }

  /** A file that may be missing must be there if it was when the version was signed. @throws InvalidVersionError */
  requireAbsent(file: string): void {
    if (!this.digests.has(file)) return;
    throw new InvalidVersionError(`${file} is missing but was signed by ${SIGNATURE_FILE}; ${MEND}`);
  }
}
