import { Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import { ApiAccess } from './api-access';
import type { Scope } from './api-keys';

const SCOPE = 'eyrie:scope';

/** Who may call a route; a route without it is open. */
export const RequireScope = (scope: Scope) => SetMetadata(SCOPE, scope);

/** Lets a request through to a route with a scope if its key has that scope. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly access: ApiAccess,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const scope = this.reflector.getAllAndOverride<Scope | undefined>(SCOPE, [
      context.getHandler(),
      context.getClass(),
    ]);
    const http = context.switchToHttp();
    if (scope) this.access.require(scope, http.getRequest<Request>(), http.getResponse<Response>());
    return true;
  }
}
