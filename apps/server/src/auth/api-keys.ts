import { createHash, timingSafeEqual } from 'node:crypto';
import { SCOPES, type Scope } from '../http/scopes';

export interface ApiKey {
  /** Says in the log who it was; not a secret. */
  id: string;
  scope: Scope;
}

interface KnownKey extends ApiKey {
  digest: Buffer;
}

/** The keys that are configured. Only their digests are known here. */
export class ApiKeys {
  private readonly keys: KnownKey[];

  /** @param digests SHA-256 in hex, each optionally as `id:digest`, of the keys of each scope */
  constructor(digests: Readonly<Record<Scope, readonly string[]>>) {
    this.keys = SCOPES.flatMap((scope) => digests[scope].map((text) => parse(text, scope)));
  }

  has(scope: Scope): boolean {
    return this.keys.some((key) => key.scope === scope);
  }

  /** Whose key it is. All digests are compared in constant time, so that time tells nothing. */
  find(key: string): ApiKey | undefined {
    const digest = createHash('sha256').update(key).digest();
    let found: ApiKey | undefined;
    for (const known of this.keys) {
      // Of a key with several scopes the last one, which may do the most, counts.
      if (timingSafeEqual(known.digest, digest)) found = { id: known.id, scope: known.scope };
    }
    return found;
  }
}

function parse(text: string, scope: Scope): KnownKey {
  const hex = text.slice(-64);
  // Without a name, the beginning of the digest tells keys apart.
  const id = text.length > 64 ? text.slice(0, -65) : hex.slice(0, 8);
  return { id, scope, digest: Buffer.from(hex, 'hex') };
}
