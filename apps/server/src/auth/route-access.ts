import { applyDecorators, SetMetadata, type ExecutionContext } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import { ApiExtension } from '@nestjs/swagger';
import { ACCESS_IN_DESCRIPTION, type Access, type Scope } from '../http/scopes';

const ACCESS = 'eyrie:access';
/** Only keys with this scope, or one that implies it, may use the route. What is not declared so or as `Public` is refused. */
export const RequireScope = (scope: Scope) => declare(scope);

/** Everybody may use the route. */
export const Public = () => declare('public');

function declare(access: Access): ClassDecorator & MethodDecorator {
  return applyDecorators(SetMetadata(ACCESS, access), ApiExtension(ACCESS_IN_DESCRIPTION, access));
}

/** What the route of a request declares; the method wins over its class. */
export function declaredAccess(reflector: Reflector, context: ExecutionContext): Access | undefined {
  return reflector.getAllAndOverride<Access | undefined>(ACCESS, [context.getHandler(), context.getClass()]);
}

/** Whether requests count towards RATE_LIMIT_PER_MINUTE: predictions do. */
export function isRateLimited(access: Access | undefined): boolean {
  return access === 'predict';
}
