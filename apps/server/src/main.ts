import 'reflect-metadata';
import dotenv from 'dotenv';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { AddressInfo } from 'node:net';
import { RegistryUnreadableError } from '#registry';
import { BUILD_INFO } from './build-info';
import { ConfigError, readConfig, type Config } from './config';
import { createApp } from './create-app';
import { collectLessOften } from './garbage-collection';
import { createLogger } from './logging';
import { StartError, StartUp } from './start-up';
import { startTracing } from './tracing/start-tracing';

async function main(): Promise<void> {
  collectLessOften();
  dotenv.config({ quiet: true });
  const config = readConfig(process.env);
  const logger = createLogger(config.APP_NAME, config.LOG_LEVEL);
  const tracing = await startTracing(process.env, { name: config.APP_NAME, version: BUILD_INFO.version }, logger);
  const app = await createApp(config, logger, tracing);
  // The first signal is heeded, whatever comes after it; the exit code is 0.
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  await listen(app, config);
  if (!(await app.get(StartUp).loadModels())) return;
  logger.info(`serving on ${addressOf(app)} after ${process.uptime().toFixed(1)} s; try /docs`);
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

main().catch((error: unknown) => {
  const expected =
    error instanceof StartError || error instanceof ConfigError || error instanceof RegistryUnreadableError;
  console.error(`eyrie cannot start: ${expected ? error.message : ((error as Error).stack ?? String(error))}`);
  process.exit(1);
});
