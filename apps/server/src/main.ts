import 'reflect-metadata';
import dotenv from 'dotenv';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { AddressInfo } from 'node:net';
import { hasWorkerLimits } from '#inference';
import { RegistryUnreadableError } from '#registry';
import { BUILD_INFO } from './build-info';
import { ConfigError, logSettings, readConfig, type Config } from './config';
import { createApp } from './create-app';
import { collectLessOften } from './garbage-collection';
import { StandardLog } from './log/standard-log';
import { ProcessEnd } from './process-end';
import { StartError, StartUp } from './start-up';
import { startTracing } from './tracing/start-tracing';

async function main(): Promise<void> {
  collectLessOften();
  dotenv.config({ quiet: true });
  // What is wrong with the configuration is told in the log's form, too.
  const log = await StandardLog.open(logSettings(process.env));
  const end = new ProcessEnd(log);
  end.onUncaught();
  try {
    await start(log, end);
  } catch (error) {
    // Told to stop while it started, it has nothing to complain of.
    if (end.hasBegun) return;
    const expected =
      error instanceof StartError || error instanceof ConfigError || error instanceof RegistryUnreadableError;
    const why = expected ? error.message : String(error);
    await end.die(expected ? {} : { err: error }, `eyrie cannot start: ${why}`);
  }
}

async function start(log: StandardLog, end: ProcessEnd): Promise<void> {
  const { logger } = log;
  const config = readConfig(process.env);
  const tracing = await startTracing(process.env, { name: config.APP_NAME, version: BUILD_INFO.version }, logger);
  const app = await createApp(config, logger, tracing);
  end.onSignal(app, config.SHUTDOWN_GRACE_MS);
  await listen(app, config);
  if (!(await app.get(StartUp).loadModels())) return;
  if (!hasWorkerLimits)
    logger.info('workers have the limits of the server: without /bin/sh they get none of their own');
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

void main();
