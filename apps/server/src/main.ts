import 'reflect-metadata';
import dotenv from 'dotenv';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { AddressInfo } from 'node:net';
import { ModelRegistry, RegistryUnreadableError, routedVersions } from '#registry';
import { BUILD_INFO } from './build-info';
import { ConfigError, readConfig, type Config } from './config';
import { createApp } from './create-app';
import { collectLessOften } from './garbage-collection';
import { createLogger } from './logging';
import { shutDown } from './shutdown';
import { startTracing } from './tracing/start-tracing';

/** Why the server cannot start, in one line that says what to do. */
class StartError extends Error {}

async function main(): Promise<void> {
  collectLessOften();
  dotenv.config({ quiet: true });
  const config = readConfig(process.env);
  requireKeys(config);
  const logger = createLogger(config.APP_NAME, config.LOG_LEVEL);
  const tracing = await startTracing(process.env, { name: config.APP_NAME, version: BUILD_INFO.version }, logger);
  const app = await createApp(config, logger, tracing);

  let stopping: Promise<void> | undefined;
  const stop = (): void => {
    // A second Ctrl-C must not be answered by a second shutdown.
    stopping ??= shutDown(app, config, logger, tracing).then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);

  await listen(app, config);
  const registry = app.get(ModelRegistry);
  await registry.refresh();
  if (stopping) return;
  requireRouted(registry, config);
  if (config.REGISTRY_POLL_SECONDS > 0) registry.poll(config.REGISTRY_POLL_SECONDS);
  const seconds = process.uptime().toFixed(1);
  logger.info(`serving on ${addressOf(app)} after ${seconds} s; try /docs`);
}

async function listen(app: NestExpressApplication, config: Config): Promise<void> {
  try {
    await app.listen(config.PORT, config.HOST);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new StartError(`port ${config.PORT} is in use; stop what listens there or set PORT to another one`);
    }
    throw new StartError(`cannot listen on ${config.HOST}:${config.PORT}: ${message}`);
  }
}

/** Where it can be reached, with the port that it got where it asked for any. */
function addressOf(app: NestExpressApplication): string {
  const { address, family, port } = app.getHttpServer().address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

/** With keys required and none configured, every prediction would be refused. */
function requireKeys({ PREDICT_AUTH, PREDICT_API_KEYS, ADMIN_API_KEYS }: Config): void {
  if (PREDICT_AUTH === 'open' || PREDICT_API_KEYS.length + ADMIN_API_KEYS.length > 0) return;
  throw new StartError(
    'PREDICT_AUTH is "required", but there is no key that may predict; "npm run eyrie -- keys new" makes one, its digest goes into PREDICT_API_KEYS',
  );
}

/** A server that starts without a version that it must serve would only look healthy. */
function requireRouted(registry: ModelRegistry, config: Config): void {
  const models = registry.list();
  if (models.length === 0) {
    const why =
      registry.problems.size > 0 ? 'the lines above say why' : 'it has no folder such as resnet50/1 with a model.json';
    throw new StartError(`there is no usable model in ${registry.location}: ${why}. Mend it, or set MODEL_REGISTRY`);
  }
  if (config.MODEL_NAME && !models.some(({ name }) => name === config.MODEL_NAME)) {
    throw new StartError(`MODEL_NAME is "${config.MODEL_NAME}", but ${registry.location} has no such model`);
  }
  if (config.LOAD === 'explicit') return;
  for (const model of models) {
    for (const number of routedVersions(model.policy)) {
      const version = model.versions.get(number);
      if (version?.state === 'READY') continue;
      throw new StartError(`${model.name} version ${number} cannot be served: ${version?.reason ?? 'it is not there'}`);
    }
  }
  for (const [model, problem] of registry.problems) throw new StartError(`${model}: ${problem}`);
}

main().catch((error: unknown) => {
  const expected =
    error instanceof StartError || error instanceof ConfigError || error instanceof RegistryUnreadableError;
  console.error(`eyrie cannot start: ${expected ? error.message : ((error as Error).stack ?? String(error))}`);
  process.exit(1);
});
