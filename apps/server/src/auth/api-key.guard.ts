import { Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import { EyrieError } from '#inference';
import { contextOf } from '../http/request-context';
import { ApiKeys, type ApiKey, type Scope } from './api-keys';

const SCOPE = 'eyrie:scope';

/** Who may call a route; a route without it is open. */
export const RequireScope = (scope: Scope) => SetMetadata(SCOPE, scope);

export interface ApiKeyPolicy {
  /** Whether predictions need a key. */
  predict: 'open' | 'required';
}

/** Lets a request through to a route with a scope if its key has that scope. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly keys: ApiKeys,
    private readonly policy: ApiKeyPolicy,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const scope = this.reflector.getAllAndOverride<Scope | undefined>(SCOPE, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (!scope || (scope === 'predict' && this.policy.predict === 'open')) return true;
    const http = context.switchToHttp();
    const res = http.getResponse<Response>();
    const key = this.authenticate(http.getRequest<Request>(), res, scope);
    contextOf(res).logged.key_id = key.id;
    return true;
  }

  private authenticate(req: Request, res: Response, scope: Scope): ApiKey {
    if (scope === 'admin' && !this.keys.has('admin')) {
      throw new EyrieError(
        'FORBIDDEN',
        'no admin key is configured; make one with "npm run eyrie -- keys new" and put its digest into ADMIN_API_KEYS',
      );
    }
    const given = keyOf(req);
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

function keyOf(req: Request): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(req.header('authorization') ?? '')?.[1];
  return bearer ?? req.header('x-api-key');
}
