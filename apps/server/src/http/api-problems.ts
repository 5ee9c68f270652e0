import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import type { ErrorCode } from '#core';
import { problem, PROBLEMS } from './problem';

/** The schema of application/problem+json; the document registers it under this name. */
export const PROBLEM_SCHEMA = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'request_id'],
  properties: {
    type: { type: 'string', examples: ['urn:eyrie:problem:invalid-image'] },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', enum: Object.keys(PROBLEMS) },
    request_id: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['field', 'detail'],
        properties: { field: { type: 'string' }, detail: { type: 'string' } },
      },
    },
  },
};

const DETAILS: Partial<Record<ErrorCode, string>> = {
  INVALID_REQUEST: 'top_k must be at most 10, the number of classes of resnet-cifar10',
  INVALID_IMAGE: 'this is a PDF, not an image; send JPEG, PNG, WebP or GIF',
  MODEL_NOT_FOUND: 'there is no model "resnet"; there are: resnet-cifar10',
  VERSION_NOT_FOUND: 'resnet-cifar10 has no version 9; there are: 1, 2, 3',
  OVERLOADED: '256 requests wait for this model already; try again later (runtime.maxQueue=256)',
  IMAGE_TOO_LARGE: 'the body is larger than an image may be (MAX_IMAGE_BYTES=10485760)',
  RATE_LIMITED: 'more than 60 requests a minute from this address; slow down (RATE_LIMIT_PER_MINUTE=60)',
  DEADLINE_EXCEEDED: 'no answer within the time limit of the request (REQUEST_TIMEOUT_MS=10000)',
};

/** Documents the errors that a route can answer with, one example for each code. */
export function ApiProblems(...codes: ErrorCode[]): MethodDecorator & ClassDecorator {
  return applyDecorators(
    ...Object.entries(problemResponses(codes)).map(([status, response]) =>
      ApiResponse({ status: Number(status), ...response }),
    ),
  );
}

/** The responses of an operation that can answer with these errors, by status. */
export function problemResponses(codes: readonly ErrorCode[]) {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = PROBLEMS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, sameStatus]) => [
      status,
      {
        description: sameStatus.map((code) => `${code}: ${PROBLEMS[code].title}`).join('. '),
        content: {
          'application/problem+json': {
            schema: { $ref: '#/components/schemas/Problem' },
            examples: Object.fromEntries(
              sameStatus.map((code) => [
                code,
                { value: problem(code, DETAILS[code] ?? PROBLEMS[code].title, '0b6b2a1e-6d43-4f4e-9a0a-3f1f6f6a8e55') },
              ]),
            ),
          },
        },
      },
    ]),
  );
}
