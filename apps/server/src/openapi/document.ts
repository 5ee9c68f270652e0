import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { PACKAGE_VERSION } from '../package-version';
import { PROBLEM_SCHEMA } from './api-problems';

/** The OpenAPI 3.1 description of all routes. */
export function describeApi(app: INestApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Eyrie')
    .setDescription('Image classification with versioned ONNX models. Every error is application/problem+json.')
    .setVersion(PACKAGE_VERSION)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addTag('predict', 'Classify images')
    .addTag('models', 'What is served')
    .addTag('operations', 'Health and metrics');
  const document = SwaggerModule.createDocument(app, builder.build());
  document.components ??= {};
  document.components.schemas = { ...document.components.schemas, Problem: PROBLEM_SCHEMA as never };
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

/** Finds the methods of a path in the description. */
export function methodsOf(document: OpenAPIObject): (path: string) => string[] {
  const routes = Object.entries(document.paths).map(([template, item]) => ({
    pattern: new RegExp(`^${template.replaceAll('.', '\\.').replace(/\{[^}]+\}/g, '[^/]+')}/?$`),
    methods: Object.keys(item).map((method) => method.toUpperCase()),
  }));
  return (path) => [
    ...new Set(
      routes
        .filter(({ pattern }) => pattern.test(path))
        .flatMap(({ methods }) => (methods.includes('GET') ? [...methods, 'HEAD'] : methods)),
    ),
  ];
}
