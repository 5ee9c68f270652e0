import { applyDecorators, HttpCode } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { ApiProblems } from '../../http/api-problems';
import { PolicyDto } from '../models/policy.dto';

/** Of a route that changes a policy: it may be told which revision it is to build on, and answers 200 with the policy. */
export function ChangesPolicy(summary: string): MethodDecorator {
  return applyDecorators(
    HttpCode(200),
    ApiHeader({
      name: 'If-Match',
      required: false,
      description: 'The revision that the change builds on, as in "7"; 412 when the policy is at another one',
      schema: { type: 'string' },
    }),
    ApiProblems('PRECONDITION_FAILED'),
    ApiOperation({ summary }),
    ApiOkResponse({ description: 'The policy', type: PolicyDto }),
  );
}
