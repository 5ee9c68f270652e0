import type { ModuleMetadata } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { register } from 'prom-client';
import { ModelRegistry, type ModelVersion } from '#registry';
import { AppModule } from '../apps/server/src/app.module';
import { readConfig, type Config } from '../apps/server/src/config';
import { APP_OPTIONS, configureApp, createApp } from '../apps/server/src/create-app';
import { createLogger } from '../apps/server/src/log/logger';
import { NestLogger } from '../apps/server/src/log/nest-logger';
import type { Tracing } from '../apps/server/src/tracing/tracing';
import { MODEL } from './registry';

/** A server inside this process, with real workers and a real port. */
export interface TestServer {
  app: NestExpressApplication;
  port: number;
  url: string;
  /** What has been logged so far, parsed. */
  log: Record<string, unknown>[];
  version(number: number, model?: string): ModelVersion;
  stop(): Promise<void>;
}

/** What a test has beside the server's modules, or in place of some of their providers. */
export interface Alterations {
  imports?: ModuleMetadata['imports'];
  override?: (module: TestingModuleBuilder) => TestingModuleBuilder;
  tracing?: Tracing;
}

/** A machine that has just installed and compiled everything may keep a process waiting for its disk. */
const PATIENT = { REGISTRY_TIMEOUT_MS: '60000' };

/**
 * @param env what the environment would say; port and log level are set here, and the cache is off: most tests send
 *   the same image again and mean it
 */
export async function startServer(
  env: Record<string, string>,
  { tracing, ...alterations }: Alterations = {},
): Promise<TestServer> {
  const log: Record<string, unknown>[] = [];
  const write = (line: string): void => void log.push(JSON.parse(line) as Record<string, unknown>);
  const config = readConfig({
    PORT: '0',
    HOST: '127.0.0.1',
    LOG_LEVEL: 'debug',
    CACHE_MAX_BYTES: '0',
    ...PATIENT,
    ...env,
  });
  const logger = createLogger('test', config.LOG_LEVEL, { write });
  const isAltered = Object.keys(alterations).length > 0;
  const app = isAltered ? await createAltered(config, logger, alterations) : await createApp(config, logger, tracing);
  await app.listen(0, '127.0.0.1');
  const registry = app.get(ModelRegistry);
  await registry.refresh();
  const { port } = app.getHttpServer().address() as AddressInfo;
  return {
    app,
    port,
    url: `http://127.0.0.1:${port}`,
    log,
    version: (number, model = MODEL) => registry.version(registry.model(model), number),
    stop: async () => {
      app.getHttpServer().closeAllConnections();
      await registry.stop(0);
      await app.close();
      // prom-client has one register for the whole process, which would take no metric twice.
      register.clear();
    },
  };
}

async function createAltered(
  config: Config,
  logger: Logger,
  { imports = [], override = (module) => module }: Alterations,
): Promise<NestExpressApplication> {
  const builder = Test.createTestingModule({ imports: [AppModule.register(config, logger), ...imports] });
  const module = await override(builder).compile();
  const options = { ...APP_OPTIONS, logger: new NestLogger(logger) };
  return configureApp(module.createNestApplication<NestExpressApplication>(options), config, logger);
}
