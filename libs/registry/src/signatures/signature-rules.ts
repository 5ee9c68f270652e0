import type { PublicKey } from './keys';

/** Whose signatures count, and whether a version must have one. */
export interface SignatureRules {
  /** At least one; the private half of any may have signed. */
  keys: readonly PublicKey[];
  /** Otherwise a version without a signature is taken as it is; one that has a signature must have a right one all the same. */
  required: boolean;
}
