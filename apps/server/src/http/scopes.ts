/** What a key may do, least first: each scope may do what those before it may. */
export const SCOPES = ['read', 'predict', 'admin'] as const;

/** `read` may look, `predict` may ask for predictions, `admin` may change what is served. */
export type Scope = (typeof SCOPES)[number];

/** The scopes that may do what `scope` is for. */
export function scopesThatMay(scope: Scope): readonly Scope[] {
  return SCOPES.slice(SCOPES.indexOf(scope));
}

/** Who may use a route: everybody, or who has a key with a scope. */
export type Access = Scope | 'public';

/** What the API's description calls it, operation by operation. */
export const ACCESS_IN_DESCRIPTION = 'x-eyrie-scope';
