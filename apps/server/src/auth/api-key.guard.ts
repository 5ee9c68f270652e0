import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import { EyrieError } from '#core';
import { ApiAccess } from './api-access';
import { declaredAccess } from './route-access';

/** Lets a request through to a public route, or to one whose scope its key has. A route that declares neither is closed. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly access: ApiAccess,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const declared = declaredAccess(this.reflector, context);
    if (declared === undefined) {
      throw new EyrieError('FORBIDDEN', 'this route does not declare who may use it, and so nobody may');
    }
    const http = context.switchToHttp();
    if (declared !== 'public') this.access.require(declared, http.getRequest<Request>(), http.getResponse<Response>());
    return true;
  }
}
