import { createHash, timingSafeEqual } from 'node:crypto';

/** `admin` may do everything, `predict` may ask for predictions. */
export type Scope = 'admin' | 'predict';

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

  /** @param admin, predict SHA-256 digests in hex, each optionally as `id:digest` */
  constructor(admin: readonly string[], predict: readonly string[]) {
    this.keys = [...admin.map((key) => parse(key, 'admin')), ...predict.map((key) => parse(key, 'predict'))];
  }

  has(scope: Scope): boolean {
    return this.keys.some((key) => key.scope === scope);
  }

  /** Whose key it is. All digests are compared in constant time, so that time tells nothing. */
  find(key: string): ApiKey | undefined {
    const digest = createHash('sha256').update(key).digest();
    let found: ApiKey | undefined;
    for (const known of this.keys) {
      // An admin key that is a predict key as well stays an admin key.
      if (timingSafeEqual(known.digest, digest) && found?.scope !== 'admin')
        found = { id: known.id, scope: known.scope };
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
