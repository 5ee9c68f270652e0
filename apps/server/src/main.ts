import 'reflect-metadata';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { AddressInfo } from 'node:net';
import { hasWorkerLimits } from '#inference';
import { RegistryUnreadableError } from '#registry';
import { readEnvFile } from '#validation';
import { BUILD_INFO } from './build-info';
import { ConfigError, logSettings, readConfig, type Config } from './config';
import { createApp } from './create-app';
import { GrpcServer } from './grpc/grpc-server';
import { collectLessOften } from './garbage-collection';
import { StandardLog } from './log/standard-log';
import { ProcessEnd } from './process-end';
import { StartError, StartUp } from './start-up';
import { startTracing } from './tracing/start-tracing';

async function main(): Promise<void> {
  collectLessOften();
  const unreadable = takeEnvFile();
  // What is wrong with the configuration is told in the log's form, too.
  const log = await StandardLog.open(logSettings(process.env));
  const end = new ProcessEnd(log);
  end.onUncaught();
  try {
    if (unreadable) throw new StartError(unreadable.message);
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

/** The environment wins over the file. @returns what is wrong with the file */
function takeEnvFile(): Error | undefined {
  try {
    for (const [name, value] of Object.entries(readEnvFile('.env'))) process.env[name] ??= value;
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

async function start(log: StandardLog, end: ProcessEnd): Promise<void> {
  const { logger } = log;
  const config = readConfig(process.env);
  const tracing = await startTracing(process.env, { name: config.APP_NAME, version: BUILD_INFO.version }, logger);
  const app = await createApp(config, logger, tracing);
  end.onSignal(app, config.SHUTDOWN_GRACE_MS);
  await listen(app, config);
  if (config.GRPC_PORT > 0) await listenForGrpc(app, config);
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

async function listenForGrpc(app: NestExpressApplication, config: Config): Promise<void> {
  try {
    await app.get(GrpcServer).listen();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      const mend = 'stop what listens there, set GRPC_PORT to another one, or to 0 for no gRPC';
      throw new StartError(`port ${config.GRPC_PORT}, that of gRPC, is in use; ${mend}`);
    }
    throw new StartError(`cannot listen for gRPC on ${config.HOST}:${config.GRPC_PORT}: ${message}`);
  }
}

/** Where it can be reached, with the port that it got where it asked for any. */
function addressOf(app: NestExpressApplication): string {
  const { address, family, port } = app.getHttpServer().address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

void main();
