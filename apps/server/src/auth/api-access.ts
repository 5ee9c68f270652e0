import type { IncomingHttpHeaders } from 'node:http';
import { EyrieError } from '#core';
import type { Incoming, Outgoing } from '../http/exchange';
import { contextOf } from '../http/request-context';
import type { ApiKey, ApiKeys } from './api-keys';
import { scopesThatMay, type Scope } from '../http/scopes';

export interface ApiKeyPolicy {
  /** Whether looking and asking for predictions needs a key; changing things always does. */
  predict: 'open' | 'required';
}

/** Who may do what. */
export class ApiAccess {
  constructor(
    private readonly keys: ApiKeys,
    private readonly policy: ApiKeyPolicy,
  ) {}

  /** @throws EyrieError UNAUTHENTICATED, FORBIDDEN unless the request may do what the scope is for */
  require(scope: Scope, req: Pick<Incoming, 'headers'>, res: Outgoing): void {
    if (this.isOpen(scope)) return;
    const context = contextOf(res);
    // Decided already, before the body was read.
    if (context.scope === scope) return;
    context.logged.key_id = this.authenticate(req, res, scope).id;
    context.scope = scope;
  }

  private isOpen(scope: Scope): boolean {
    return scope !== 'admin' && this.policy.predict === 'open';
  }

  private authenticate(req: Pick<Incoming, 'headers'>, res: Outgoing, scope: Scope): ApiKey {
    if (scope === 'admin' && !this.keys.has('admin')) {
      throw new EyrieError(
        'FORBIDDEN',
        'no admin key is configured; make one with "eyrie keys new" and put its digest into ADMIN_API_KEYS',
      );
    }
    const needed = `an API key with the scope ${scopesThatMay(scope).join(' or ')}`;
    const given = keyOf(req.headers);
    if (given === undefined) {
      res.setHeader('WWW-Authenticate', 'Bearer');
      throw new EyrieError(
        'UNAUTHENTICATED',
        `this needs ${needed}; send it as "Authorization: Bearer KEY" or "X-API-Key: KEY"`,
      );
    }
    const key = this.keys.find(given);
    if (!key) {
      res.setHeader('WWW-Authenticate', 'Bearer error="invalid_token"');
      throw new EyrieError('UNAUTHENTICATED', `the API key is not known here; this needs ${needed}`);
    }
    if (!may(key, scope)) {
      throw new EyrieError('FORBIDDEN', `the key "${key.id}" has the scope ${key.scope}; this needs ${needed}`);
    }
    return key;
  }
}

function may(key: ApiKey, scope: Scope): boolean {
  return scopesThatMay(scope).includes(key.scope);
}

function keyOf(headers: IncomingHttpHeaders): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  return bearer ?? headers['x-api-key']?.toString();
}
