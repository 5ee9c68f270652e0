import type { INestApplication } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import type { ErrorCode } from '#core';
import { BUILD_INFO } from '../build-info';
import { ACCESS_IN_DESCRIPTION, type Access, type Scope } from '../http/scopes';
import { AliasBody } from '../control/admin/admin.dto';
import { TRAFFIC_BODIES } from '../control/admin/traffic-changes.dto';
import { POLICY_CLASSES } from '../control/models/policy.dto';
import { PREDICT_SCHEMAS } from '../dialects/eyrie/predict.openapi';
import { ERROR_SCHEMAS, errorResponses, PREFIX } from '../dialects/open-inference/error-form';
import { INFER_SCHEMAS, TAG } from '../dialects/open-inference/infer.openapi';
import { servePages } from '../pages/page';
import { descriptionPages } from './description-pages';
import { PROBLEM_SCHEMA, problemResponses } from '../http/api-problems';

/** The names of the two ways to send a key. */
const BEARER = 'bearer';
const API_KEY = 'apiKey';

/** The paths of the description itself. No controller has them: no guard sees them, and they are public. */
export const DESCRIPTION_PATHS = ['/docs', '/openapi.json', '/openapi.yaml'];

/** The OpenAPI 3.1 description of all routes. @param predictAuth whether predictions, and reading, need a key */
export function describeApi(app: INestApplication, predictAuth: 'open' | 'required'): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Eyrie')
    .setDescription('Image classification with versioned ONNX models. Every error is application/problem+json.')
    .setVersion(BUILD_INFO.version)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addTag('predict', 'Classify images')
    .addTag(TAG, 'The Open Inference Protocol V2, as KServe and Triton speak it')
    .addTag('models', 'What is served')
    .addTag('admin', 'Change what is served; needs an admin key')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'eyrie_…', description: 'An API key' }, BEARER)
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'The same' }, API_KEY)
    .addTag('operations', 'Health and metrics');
  const document = SwaggerModule.createDocument(app, builder.build(), {
    autoTagControllers: false,
    // A handler with several paths gives a method for each, as in "predict[1]".
    operationIdFactory: (controller, method) =>
      `${controller.replace('Controller', '').toLowerCase()}_${method.split('[', 1)[0]}`,
  });
  // Relative to where the description lies, so that it holds behind whatever prefix a proxy puts before it.
  document.servers = [{ url: './' }];
  nameTwins(document);
  closeSchemas(document, [...POLICY_CLASSES, ...TRAFFIC_BODIES, AliasBody]);
  askForKeys(document, predictAuth);
  document.components ??= {};
  const schemas = { Problem: PROBLEM_SCHEMA, ...PREDICT_SCHEMAS, ...ERROR_SCHEMAS, ...INFER_SCHEMAS } as never;
  document.components.schemas = Object.assign(document.components.schemas ?? {}, schemas);
  return document;
}

/** GET /docs, /openapi.json and /openapi.yaml: made once, and not sent again to who has them. */
export function serveApiDescription(app: NestExpressApplication, document: OpenAPIObject): void {
  app.use(servePages(descriptionPages(document)));
}

/** What an operation answers without the right key. Whoever has a key at all may read. */
const REFUSALS: Record<Scope, ErrorCode[]> = {
  read: ['UNAUTHENTICATED'],
  predict: ['UNAUTHENTICATED', 'FORBIDDEN'],
  admin: ['UNAUTHENTICATED', 'FORBIDDEN'],
};

/** Operations that declare a scope take a key, in either way. */
function askForKeys({ paths }: OpenAPIObject, predictAuth: 'open' | 'required'): void {
  for (const [path, item] of Object.entries(paths)) {
    const responses = path.startsWith(PREFIX) ? errorResponses : problemResponses;
    for (const operation of [item.get, item.put, item.post, item.delete]) {
      const access = (operation as { [ACCESS_IN_DESCRIPTION]?: Access } | undefined)?.[ACCESS_IN_DESCRIPTION];
      if (!operation || !access || access === 'public') continue;
      if (access !== 'admin' && predictAuth === 'open') continue;
      operation.security = [{ [BEARER]: [] }, { [API_KEY]: [] }];
      operation.responses = { ...responses(REFUSALS[access]), ...operation.responses };
    }
  }
}

/** Says of what these classes are made into that it has no further fields; the library has no word for it. */
function closeSchemas({ components }: OpenAPIObject, classes: readonly { name: string }[]): void {
  for (const { name } of classes) Object.assign(components?.schemas?.[name] ?? {}, { additionalProperties: false });
}

/** Of a handler that answers with and without its version, the operation without one gets a name that says so. */
function nameTwins({ paths }: OpenAPIObject): void {
  for (const [path, item] of Object.entries(paths)) {
    if (!(`/v1${path}` in paths)) continue;
    for (const operation of [item.get, item.post]) if (operation) operation.operationId += '_unversioned';
  }
}
