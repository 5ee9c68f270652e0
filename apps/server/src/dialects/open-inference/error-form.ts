import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import type { ErrorCode } from '#core';
import type { ErrorForm } from '../../http/error-forms';
import { detailFor, PROBLEMS } from '../../http/problem';

/** The paths of this dialect. */
export const PREFIX = '/v2';

/** `{"error": …}`, of the type that clients compare it with. */
export const errorForm: ErrorForm = ({ code, message }) => ({
  type: 'application/json',
  body: { error: detailFor(code, message) },
});

/** The document registers it under this name. */
export const ERROR_SCHEMAS = {
  InferError: { type: 'object', required: ['error'], properties: { error: { type: 'string' } } },
};

/** The responses of an operation that can answer with these errors, by status. */
export function errorResponses(codes: readonly ErrorCode[]) {
  const statuses = new Set(codes.map((code) => PROBLEMS[code].status));
  return Object.fromEntries(
    [...statuses].map((status) => {
      const same = codes.filter((code) => PROBLEMS[code].status === status).map((code) => PROBLEMS[code].title);
      const content = {
        'application/json': { schema: { $ref: '#/components/schemas/InferError' }, example: { error: same[0] } },
      };
      return [status, { description: same.join('. '), content }];
    }),
  );
}

/** Documents the errors that a route can answer with. */
export function ApiErrors(...codes: ErrorCode[]): MethodDecorator & ClassDecorator {
  return applyDecorators(
    ...Object.entries(errorResponses(codes)).map(([status, response]) =>
      ApiResponse({ status: Number(status), ...response }),
    ),
  );
}
