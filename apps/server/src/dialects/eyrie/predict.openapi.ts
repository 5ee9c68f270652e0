import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiTags, type ApiOperationOptions } from '@nestjs/swagger';
import { ApiProblems } from '../../http/api-problems';
import { PREDICTION_ERRORS } from '../../serving/prediction-errors';
import { BatchResponse, PredictResponse } from './predict.dto';

const PREDICT_PROBLEMS = [...PREDICTION_ERRORS, 'URL_NOT_ALLOWED', 'URL_FETCH_FAILED'] as const;

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

const IMAGE = {
  type: 'string',
  description: 'base64, or a data: URI',
  examples: [`data:image/png;base64,${TINY_PNG}`],
};
const URL = { type: 'string', description: 'http or https', examples: ['https://example.com/ship.png'] };

const TENSORS = {
  inputs: {
    type: 'object',
    description: 'Tensors by name: nested lists, or {"shape", "datatype", "data"}',
    examples: [{ input: [[0.1, 0.2]] }],
  },
  outputs: { type: 'array', items: { type: 'string' }, description: 'Which outputs to answer; without it all' },
};

const FEATURES = {
  description: 'One row of a table: a value for each feature by its name, or all of them in their order',
  oneOf: [
    {
      type: 'object',
      additionalProperties: { type: ['number', 'string', 'boolean', 'null'] },
      examples: [{ 'petal length': 1.4, city: 'Oslo', smoker: false }],
    },
    { type: 'array', items: { type: ['number', 'string', 'boolean', 'null'] }, examples: [[5.1, 3.5, 1.4, 0.2]] },
  ],
};

const CSV = {
  type: 'string',
  description: 'UTF-8; the first line names the features, in any order; a cell with nothing in it is a missing value',
};
const CSV_EXAMPLE = 'age,bmi,bp\r\n0.038,0.062,0.022\r\n-0.002,-0.051,-0.026\r\n';

const TOP_K = { type: 'integer', minimum: 1, description: 'As the query parameter, which must not say otherwise' };

/** What the bodies refer to; the document registers them under these names. */
export const PREDICT_SCHEMAS = {
  // Two schemas and not one with `oneOf: [{ required … }]`, of which generators of clients make nothing that works.
  ImageJson: {
    type: 'object',
    additionalProperties: false,
    required: ['image'],
    properties: { image: IMAGE, top_k: TOP_K },
  },
  ImageUrlJson: {
    type: 'object',
    additionalProperties: false,
    required: ['url'],
    properties: { url: URL, top_k: TOP_K },
  },
  TensorJson: { type: 'object', additionalProperties: false, required: ['inputs'], properties: TENSORS },
  FeaturesJson: {
    type: 'object',
    additionalProperties: false,
    required: ['features'],
    properties: { features: FEATURES, top_k: TOP_K },
  },
  BatchJson: {
    type: 'object',
    required: ['items'],
    additionalProperties: false,
    properties: {
      items: {
        type: 'array',
        minItems: 1,
        // No schema of its own: an item that is wrong has an error in its place, and is no fault of the body.
        items: {
          description:
            'As ImageJson, ImageUrlJson, TensorJson or FeaturesJson; one that is wrong has an error in its place in the answer',
        },
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
      summary: 'Classify one image, answer one row of a table, or run a model of tensors',
      description:
        'JPEG, PNG, WebP or the first frame of a GIF: as a form field, as the body (of any image type), as base64, or by URL. ' +
        'A model of tables takes a row as JSON, and one of tensors takes them as JSON. Model and version are chosen by query or path, not in the body.',
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
          schema: {
            oneOf: ['ImageJson', 'ImageUrlJson', 'TensorJson', 'FeaturesJson'].map((name) => ({
              $ref: `#/components/schemas/${name}`,
            })),
          },
          examples: {
            base64: { value: { image: TINY_PNG } },
            url: { value: { url: 'https://example.com/ship.png' } },
            features: { value: { features: { age: 0.038, bmi: 0.062, bp: 0.022 } } },
            'features in order': { value: { features: [0.038, 0.062, 0.022] } },
          },
        },
        'application/octet-stream': { schema: BINARY },
      }),
    }),
    ROUTING_KEY,
    ApiOkResponse({
      type: PredictResponse,
      description: 'The best classes, the value, or the outputs',
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
      summary: 'Classify many images, answer many rows of a table, or run a model of tensors on many inputs',
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
          examples: {
            base64: { value: { items: [{ image: TINY_PNG }, { image: TINY_PNG }] } },
            features: { value: { items: [{ features: { age: 0.038, bmi: 0.062 } }, { features: [0.038, 0.062] }] } },
          },
        },
        'text/csv': { schema: CSV, examples: { rows: { value: CSV_EXAMPLE } } },
      }),
    }),
    ROUTING_KEY,
    ApiOkResponse({ type: BatchResponse, description: 'One result per item', headers: RESPONSE_HEADERS }),
    ApiProblems(...PREDICT_PROBLEMS),
  );
}
