import { VersioningType } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Server } from 'node:http';
import type { Logger } from 'pino';
import { AppModule } from './app.module';
import { limitOf, type Config } from './config';
import { serveConsole } from './console/serve-console';
import { answerConnectionErrors } from './http/connection-errors';
import { Connections } from './http/connections';
import { corsHeaders } from './http/cors';
import { ErrorForms } from './http/error-forms';
import { FirstStage } from './http/first-stage';
import { Forwarded } from './http/forwarded';
import { ProblemFilter } from './http/problem.filter';
import { RequestValidation } from './http/request-validation';
import { NestLogger } from './log/nest-logger';
import { requestLog } from './log/request-log';
import { HttpMetrics } from './metrics/http.metrics';
import { describeApi, serveApiDescription } from './openapi/document';
import { UPLOAD_ROUTE } from './control/versions/versions.controller';
import { routeFinder, routesOf } from './http/routes';
import { Admission } from './serving/admission';
import type { Tracing } from './tracing/tracing';

/** The whole application, ready to listen; no model is loaded yet. */
export async function createApp(config: Config, logger: Logger, tracing?: Tracing): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.register(config, logger, tracing), {
    ...APP_OPTIONS,
    logger: new NestLogger(logger),
  });
  return configureApp(app, config, logger, tracing);
}

/** What `configureApp` takes for granted. Bodies are read by who knows how large they may be. */
export const APP_OPTIONS = { bodyParser: false, abortOnError: false };

/** Everything of the application that is not in its modules. */
export function configureApp(
  app: NestExpressApplication,
  config: Config,
  logger: Logger,
  tracing?: Tracing,
): NestExpressApplication {
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');

  app.enableVersioning({ type: VersioningType.URI });
  app.useGlobalPipes(new RequestValidation());
  const description = describeApi(app, config.PREDICT_AUTH);
  serveApiDescription(app, description);
  if (config.CONSOLE === 'on') serveConsole(app);
  app.useGlobalFilters(new ProblemFilter(logger));

  const server = app.getHttpServer();
  // Node refuses a request without Host in its own way, the first stage in ours.
  Object.assign(server, timeouts(config), { requireHostHeader: false });
  new FirstStage({
    find: routeFinder(routesOf(description)),
    setCorsHeaders: corsHeaders(config.CORS_ORIGINS),
    forwarded: app.get(Forwarded),
    errorForms: app.get(ErrorForms),
    tracing,
    gate: app.get(Admission),
    bodyTime: ({ route }) => limitOf(config, route === UPLOAD_ROUTE ? 'UPLOAD_TIMEOUT_MS' : 'BODY_TIMEOUT_MS'),
    readerFirstMs: READER_FIRST_MS,
    observers: [requestLog(logger), app.get(HttpMetrics)],
    answerTimeoutMs: config.BODY_TIMEOUT_MS,
    logger,
  }).standBefore(app.getHttpAdapter().getInstance(), server);
  app.get(Connections).track(server);
  answerConnectionErrors(server, logger, limitOf(config, 'BODY_TIMEOUT_MS'));
  return app;
}

const READER_FIRST_MS = 5_000;

function timeouts({
  BODY_TIMEOUT_MS,
  UPLOAD_TIMEOUT_MS,
}: Config): Partial<Server> & { connectionsCheckingInterval: number } {
  return {
    headersTimeout: BODY_TIMEOUT_MS,
    // Of all routes the longest; the first stage has that of each.
    requestTimeout: Math.max(BODY_TIMEOUT_MS, UPLOAD_TIMEOUT_MS) + READER_FIRST_MS,
    // How often Node looks for requests that are over these times; its own 30 s would make them mean little.
    connectionsCheckingInterval: 1_000,
    // Longer than load balancers keep a connection to us (60 s mostly): otherwise they send into a closing one.
    keepAliveTimeout: 65_000,
  };
}
