import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { BUILD_INFO } from '../build-info';
import { PREDICT_SCHEMAS } from '../predict/predict.openapi';
import { PROBLEM_SCHEMA } from './api-problems';

/** The OpenAPI 3.1 description of all routes. */
export function describeApi(app: INestApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Eyrie')
    .setDescription('Image classification with versioned ONNX models. Every error is application/problem+json.')
    .setVersion(BUILD_INFO.version)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addTag('predict', 'Classify images')
    .addTag('models', 'What is served')
    .addTag('admin', 'Change what is served; needs an admin key')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API key' })
    .addTag('operations', 'Health and metrics');
  const document = SwaggerModule.createDocument(app, builder.build(), {
    autoTagControllers: false,
    operationIdFactory: (controller, method) => `${controller.replace('Controller', '').toLowerCase()}_${method}`,
  });
  nameTwins(document);
  document.components ??= {};
  const schemas = { Problem: PROBLEM_SCHEMA, ...PREDICT_SCHEMAS } as never;
  document.components.schemas = Object.assign(document.components.schemas ?? {}, schemas);
  return document;
}

/** GET /docs and GET /openapi.json. */
export function serveApiDescription(app: INestApplication, document: OpenAPIObject): void {
  SwaggerModule.setup('docs', app, document, {
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
    customSiteTitle: 'Eyrie API',
    swaggerOptions: { tryItOutEnabled: true, displayRequestDuration: true },
  });
}

/** Nest numbers the operations of a handler with several paths; the one without /v1 gets a name that says so. */
function nameTwins({ paths }: OpenAPIObject): void {
  for (const [path, item] of Object.entries(paths)) {
    for (const operation of [item.get, item.post]) {
      if (!operation?.operationId) continue;
      const twin = /\[\d+\]$/.test(operation.operationId) && !path.startsWith('/v1/');
      operation.operationId = operation.operationId.replace(/\[\d+\]$/, twin ? '_unversioned' : '');
    }
  }
}
