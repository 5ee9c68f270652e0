import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiResponse, ApiTags, type ApiOperationOptions } from '@nestjs/swagger';
import { DATA_TYPES } from '#tasks';
import { PREDICTION_ERRORS } from '../../serving/prediction-errors';
import { ApiErrors } from './error-form';
import { HEADER } from './receive-infer';

export const TAG = 'open inference';

const SHAPE = { type: 'array', items: { type: 'integer', minimum: 0 } };
const DATATYPE = { type: 'string', enum: [...Object.keys(DATA_TYPES), 'BYTES'] };
const DATA = { type: 'array', items: {}, description: 'The elements row by row, nested or not' };

/** What the bodies refer to; the document registers them under these names. */
export const INFER_SCHEMAS = {
  InferInput: {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'shape', 'datatype'],
    properties: {
      name: { type: 'string' },
      shape: SHAPE,
      datatype: DATATYPE,
      parameters: {
        type: 'object',
        additionalProperties: false,
        properties: { binary_data_size: { type: 'integer', minimum: 0 }, content_type: { type: 'string' } },
      },
      data: DATA,
    },
  },
  InferRequestedOutput: {
    type: 'object',
    additionalProperties: false,
    required: ['name'],
    properties: {
      name: { type: 'string' },
      parameters: {
        type: 'object',
        additionalProperties: false,
        properties: {
          binary_data: { type: 'boolean' },
          classification: { type: 'integer', minimum: 1 },
          content_type: { type: 'string' },
        },
      },
    },
  },
  InferRequest: {
    type: 'object',
    additionalProperties: false,
    required: ['inputs'],
    properties: {
      id: { type: 'string' },
      model_name: { type: 'string' },
      model_version: { type: 'string' },
      parameters: {
        type: 'object',
        additionalProperties: false,
        properties: {
          binary_data_output: { type: 'boolean' },
          timeout: { type: 'integer', minimum: 0, description: 'Microseconds; not heeded' },
          content_type: { type: 'string' },
        },
      },
      inputs: { type: 'array', minItems: 1, items: { $ref: '#/components/schemas/InferInput' } },
      outputs: { type: 'array', items: { $ref: '#/components/schemas/InferRequestedOutput' } },
    },
  },
  InferOutput: {
    type: 'object',
    required: ['name', 'shape', 'datatype'],
    properties: {
      name: { type: 'string' },
      shape: SHAPE,
      datatype: DATATYPE,
      parameters: { type: 'object', properties: { binary_data_size: { type: 'integer' } } },
      data: DATA,
    },
  },
  InferResponse: {
    type: 'object',
    required: ['model_name', 'model_version', 'outputs'],
    properties: {
      model_name: { type: 'string' },
      model_version: { type: 'string' },
      id: { type: 'string' },
      outputs: { type: 'array', items: { $ref: '#/components/schemas/InferOutput' } },
    },
  },
};

const BINARY = { type: 'string', format: 'binary' };

const EXAMPLE = { inputs: [{ name: 'input', shape: [1], datatype: 'BYTES', data: ['/9j/4AAQ…'] }] };

// @ApiBody knows one schema for all media types.
const BODY: Pick<ApiOperationOptions, 'requestBody'> = {
  requestBody: {
    required: true,
    content: {
      'application/json': { schema: { $ref: '#/components/schemas/InferRequest' }, example: EXAMPLE },
      'application/octet-stream': { schema: BINARY },
    },
  },
};

/** Documentation of an inference route. */
export function ApiInfer(summary: string): MethodDecorator {
  return applyDecorators(
    ApiTags(TAG),
    ApiOperation({
      summary,
      description:
        `The Open Inference Protocol V2. With ${HEADER}, the bytes of tensors follow the JSON, and with 0 they are all there is. ` +
        'A classifier of images takes files as BYTES of the shape [N], or pixels that are ready for its graph.',
      ...BODY,
    }),
    ApiHeader({
      name: HEADER,
      required: false,
      description: 'How many bytes of the body are JSON',
      schema: { type: 'integer', minimum: 0 },
    }),
    ApiHeader({
      name: 'X-Routing-Key',
      required: false,
      description: 'The same key gets the same variant of a split, on every replica',
      schema: { type: 'string' },
    }),
    ApiResponse({
      status: 200,
      description: 'The outputs',
      content: {
        'application/json': { schema: { $ref: '#/components/schemas/InferResponse' } },
        'application/octet-stream': { schema: BINARY },
      },
    }),
    ApiErrors(...PREDICTION_ERRORS),
  );
}
