import { ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { EyrieError } from '#inference';
import { flatten, inOneLine } from '#validation';
import { AppModule } from './app.module';
import type { Config } from './config';
import { Draining } from './health/draining';
import { answerConnectionErrors } from './http/connection-errors';
import { ProblemFilter } from './http/problem.filter';
import { requestContext } from './http/request-context';
import { NestLogger, requestLog } from './logging';
import { HttpMetrics } from './metrics/http.metrics';
import { describeApi, methodsOf, serveApiDescription } from './openapi/document';

/** The whole application, ready to listen; no model is loaded yet. */
export async function createApp(config: Config, logger: Logger): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.register(config, logger), {
    bodyParser: false,
    logger: new NestLogger(logger),
    abortOnError: false,
  });
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', config.TRUST_PROXY_HOPS);
  app.set('query parser', 'simple');

  // The context comes first: everything after it, errors too, needs the request's id.
  app.use(requestContext);
  app.use(requestLog(logger));
  app.use(app.get(HttpMetrics).middleware);
  app.use(closeConnectionsWhile(app.get(Draining)));
  app.use(helmet({ contentSecurityPolicy: { directives: SWAGGER_UI_POLICY } }));
  if (config.CORS_ORIGINS.length > 0) {
    app.enableCors({
      origin: config.CORS_ORIGINS.includes('*') ? '*' : config.CORS_ORIGINS,
      exposedHeaders: ['X-Request-Id', 'X-Model-Version', 'X-Model-Variant', 'Server-Timing', 'Retry-After'],
    });
  }
  app.useGlobalPipes(
    new ValidationPipe({
      transform: true,
      whitelist: true,
      forbidNonWhitelisted: true,
      exceptionFactory: (errors) => {
        const problems = flatten(errors);
        return new EyrieError('INVALID_REQUEST', inOneLine(problems), { errors: problems });
      },
    }),
  );
  const description = describeApi(app);
  serveApiDescription(app, description);
  app.useGlobalFilters(new ProblemFilter(logger, methodsOf(description)));

  const server = app.getHttpServer();
  server.headersTimeout = config.BODY_TIMEOUT_MS;
  server.requestTimeout = config.BODY_TIMEOUT_MS + 5_000;
  answerConnectionErrors(server);
  return app;
}

// Swagger UI needs inline styles and data: images; plain HTTP must stay possible on a private network.
const SWAGGER_UI_POLICY = {
  'script-src': ["'self'", "'unsafe-inline'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:', 'blob:'],
  'upgrade-insecure-requests': null,
};

/** Clients with a kept-alive connection must learn that they have to go elsewhere. */
function closeConnectionsWhile(draining: Draining): Parameters<NestExpressApplication['use']>[0] {
  return (_req: unknown, res: { setHeader(name: string, value: string): void }, next: () => void) => {
    if (draining.hasBegun) res.setHeader('Connection', 'close');
    next();
  };
}
