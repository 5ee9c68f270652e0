import { applyDecorators } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { ApiProblems } from '../../http/api-problems';

/** Says of a route that it may be told which revision it is to build on. */
export const IF_MATCH = applyDecorators(
  ApiHeader({
    name: 'If-Match',
    required: false,
    description: 'The revision that the change builds on, as in "7"; 412 when the policy is at another one',
    schema: { type: 'string' },
  }),
  ApiProblems('PRECONDITION_FAILED'),
);
