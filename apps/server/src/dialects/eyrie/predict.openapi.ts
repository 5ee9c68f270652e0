import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiTags, type ApiOperationOptions } from '@nestjs/swagger';
import type { ErrorCode } from '#core';
import { ApiProblems } from '../../http/api-problems';
import { BatchResponse, PredictResponse } from './predict.dto';

const PREDICT_PROBLEMS: ErrorCode[] = [
  'INVALID_REQUEST',
  'INVALID_IMAGE',
  'URL_NOT_ALLOWED',
  'MODEL_NOT_FOUND',
  'VERSION_NOT_FOUND',
  'IMAGE_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'HARMFUL_INPUT',
  'URL_FETCH_FAILED',
  'RATE_LIMITED',
  'WORKER_FAILED',
  'INTERNAL',
  'OVERLOADED',
  'MODEL_NOT_READY',
  'DEADLINE_EXCEEDED',
];

const RESPONSE_HEADERS = {
  'X-Request-Id': {
    description: 'The id of the request, the caller’s own if it sent a sane one',
    schema: { type: 'string' },
  },
  'X-Model-Version': { description: 'The version that answered', schema: { type: 'string' } },
  'X-Model-Variant': { description: 'The arm of the split, if there is one', schema: { type: 'string' } },
  'Server-Timing': { description: 'Where the time went, ms', schema: { type: 'string' } },
} as const;

const ROUTING_KEY = ApiHeader({
  name: 'X-Routing-Key',
  required: false,
  description: 'The same key gets the same variant of a split, on every replica',
  schema: { type: 'string' },
});

const BINARY = { type: 'string', format: 'binary' };

/** A red 8 x 8 PNG, so that "Try it out" works as it stands. */
const TINY_PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR4nGP4z8CAFWEXHbQSACj/P8Fu7N9hAAAAAElFTkSuQmCC';

const SOURCE = {
  image: { type: 'string', description: 'base64, or a data: URI', examples: [`data:image/png;base64,${TINY_PNG}`] },
  url: { type: 'string', description: 'http or https', examples: ['https://example.com/ship.png'] },
};

const TENSORS = {
  inputs: {
    type: 'object',
    description: 'Tensors by name: nested lists, or {"shape", "datatype", "data"}',
    examples: [{ input: [[0.1, 0.2]] }],
  },
  outputs: { type: 'array', items: { type: 'string' }, description: 'Which outputs to answer; without it all' },
};

const TOP_K = { type: 'integer', minimum: 1, description: 'As the query parameter, which must not say otherwise' };

/** What the bodies refer to; the document registers them under these names. */
export const PREDICT_SCHEMAS = {
  ImageJson: {
    type: 'object',
    additionalProperties: false,
    properties: { ...SOURCE, top_k: TOP_K },
    oneOf: [{ required: ['image'] }, { required: ['url'] }],
  },
  TensorJson: { type: 'object', additionalProperties: false, required: ['inputs'], properties: TENSORS },
  BatchJson: {
    type: 'object',
    required: ['items'],
    additionalProperties: false,
    properties: {
      items: {
        type: 'array',
        minItems: 1,
        // No schema of its own: an item that is wrong has an error in its place, and is no fault of the body.
        items: { description: 'As ImageJson or TensorJson; one that is wrong has an error in its place in the answer' },
      },
      top_k: TOP_K,
    },
  },
};

// @ApiBody knows one schema for all media types; an operation's own requestBody can have one for each.
const requestBody = (content: Record<string, unknown>): Pick<ApiOperationOptions, 'requestBody'> => ({
  requestBody: { required: true, content: content as never },
});

/** Documentation of a route that answers one question. */
export function ApiPredict(): MethodDecorator {
  return applyDecorators(
    ApiTags('predict'),
    ApiOperation({
      summary: 'Classify one image, or run a model of tensors',
      description:
        'JPEG, PNG, WebP or the first frame of a GIF: as a form field, as the body, as base64, or by URL. ' +
        'A model of tensors takes them as JSON. Model and version are chosen by query or path, not in the body.',
      ...requestBody({
        'multipart/form-data': {
          schema: {
            type: 'object',
            required: ['file'],
            additionalProperties: false,
            properties: { file: BINARY, top_k: TOP_K },
          },
        },
        'application/json': {
          schema: { oneOf: [{ $ref: '#/components/schemas/ImageJson' }, { $ref: '#/components/schemas/TensorJson' }] },
          examples: {
            base64: { value: { image: TINY_PNG } },
            url: { value: { url: 'https://example.com/ship.png' } },
          },
        },
        'application/octet-stream': { schema: BINARY },
        'image/*': { schema: BINARY },
      }),
    }),
    ROUTING_KEY,
    ApiOkResponse({
      type: PredictResponse,
      description: 'The best classes, or the outputs',
      headers: RESPONSE_HEADERS,
    }),
    ApiProblems(...PREDICT_PROBLEMS),
  );
}

/** Documentation of the route that answers many questions. */
export function ApiPredictBatch(): MethodDecorator {
  return applyDecorators(
    ApiTags('predict'),
    ApiOperation({
      summary: 'Classify many images, or run a model of tensors on many inputs',
      description: 'Answers in the order of the items; one that is wrong has an error in its place.',
      ...requestBody({
        'multipart/form-data': {
          schema: {
            type: 'object',
            required: ['files'],
            additionalProperties: false,
            properties: { files: { type: 'array', items: BINARY, minItems: 1 }, top_k: TOP_K },
          },
        },
        'application/json': {
          schema: { $ref: '#/components/schemas/BatchJson' },
          examples: { base64: { value: { items: [{ image: TINY_PNG }, { image: TINY_PNG }] } } },
        },
      }),
    }),
    ROUTING_KEY,
    ApiOkResponse({ type: BatchResponse, description: 'One result per item', headers: RESPONSE_HEADERS }),
    ApiProblems(...PREDICT_PROBLEMS),
  );
}
