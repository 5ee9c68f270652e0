import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { EyrieError } from '#core';
import { contextOf } from '../http/request-context';
import type { ApiKey, ApiKeys, Scope } from './api-keys';

export interface ApiKeyPolicy {
  /** Whether predictions need a key. */
  predict: 'open' | 'required';
}

/** Who may do what. */
export class ApiAccess {
  constructor(
    private readonly keys: ApiKeys,
    private readonly policy: ApiKeyPolicy,
  ) {}

  /** @throws EyrieError UNAUTHENTICATED, FORBIDDEN unless the request may do what the scope is for */
  require(scope: Scope, req: IncomingMessage, res: ServerResponse): void {
    if (scope === 'predict' && this.policy.predict === 'open') return;
    const context = contextOf(res);
    if (context.scope === scope) return;
    context.logged.key_id = this.authenticate(req, res, scope).id;
    context.scope = scope;
  }

  private authenticate(req: IncomingMessage, res: ServerResponse, scope: Scope): ApiKey {
    if (scope === 'admin' && !this.keys.has('admin')) {
      throw new EyrieError(
        'FORBIDDEN',
        'no admin key is configured; make one with "npm run eyrie -- keys new" and put its digest into ADMIN_API_KEYS',
      );
    }
    const given = keyOf(req.headers);
    if (given === undefined) {
      res.setHeader('WWW-Authenticate', 'Bearer');
      throw new EyrieError('UNAUTHENTICATED', 'send an API key as "Authorization: Bearer KEY" or "X-API-Key: KEY"');
    }
    const key = this.keys.find(given);
    if (!key) {
      res.setHeader('WWW-Authenticate', 'Bearer error="invalid_token"');
      throw new EyrieError('UNAUTHENTICATED', 'the API key is not known here');
    }
    if (scope === 'admin' && key.scope !== 'admin') {
      throw new EyrieError('FORBIDDEN', `the key "${key.id}" may ask for predictions, but not change things`);
    }
    return key;
  }
}

function keyOf(headers: IncomingHttpHeaders): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  return bearer ?? headers['x-api-key']?.toString();
}
