import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Logger } from 'pino';
import { setTimeout as sleep } from 'node:timers/promises';
import { ModelRegistry } from '#registry';
import type { Config } from './config';
import { Draining } from './health/draining';

/**
 * Not ready → wait for load balancers to notice → no new connections → what is in flight finishes → workers end.
 * All of it within SHUTDOWN_GRACE_MS.
 */
export async function shutDown(app: NestExpressApplication, config: Config, logger: Logger): Promise<void> {
  const giveUpAt = performance.now() + config.SHUTDOWN_GRACE_MS;
  const left = (): number => Math.max(0, giveUpAt - performance.now());
  logger.info('shutting down');
  app.get(Draining).begin();
  await sleep(Math.min(config.SHUTDOWN_DELAY_MS, left()));

  const server = app.getHttpServer();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const inTime = await Promise.race([closed.then(() => true), sleep(left(), false, { ref: false })]);
  if (!inTime) {
    logger.warn(`connections were still open after SHUTDOWN_GRACE_MS (${config.SHUTDOWN_GRACE_MS} ms); they are cut`);
    server.closeAllConnections();
  }
  await app.get(ModelRegistry).stop(Math.max(1_000, left()));
  await app.close();
  logger.info('bye');
}
