import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Logger } from 'pino';
import { setTimeout as sleep } from 'node:timers/promises';
import { deadlineIn, msUntil, resolvesWithin } from '#core';
import { ModelRegistry } from '#registry';
import type { Config } from './config';
import { Draining } from './health/draining';
import { Connections } from './http/connections';
import type { Tracing } from './tracing/tracing';

/** How long a shutdown waits for the last spans to be sent. */
const LAST_SPANS_MS = 2_000;

/**
 * Not ready → wait for load balancers to notice → no new connections → what is in flight finishes → workers end.
 * All of it within SHUTDOWN_GRACE_MS.
 */
export async function shutDown(
  app: NestExpressApplication,
  config: Config,
  logger: Logger,
  tracing?: Tracing,
): Promise<void> {
  const deadline = deadlineIn(config.SHUTDOWN_GRACE_MS);
  logger.info('shutting down');
  app.get(Draining).begin();
  const connections = app.get(Connections);
  connections.makeAnswersLast();
  await sleep(Math.min(config.SHUTDOWN_DELAY_MS, msUntil(deadline)));

  const server = app.getHttpServer();
  if (!(await resolvesWithin(msUntil(deadline), connections.drain(server)))) {
    const { underWay } = connections;
    if (underWay > 0) {
      logger.warn(
        `${underWay} requests still ran after SHUTDOWN_GRACE_MS (${config.SHUTDOWN_GRACE_MS} ms); they are cut`,
      );
    }
    server.closeAllConnections();
  }
  await Promise.all([
    app.get(ModelRegistry).stop(Math.max(1_000, msUntil(deadline))),
    tracing?.stop(Math.min(LAST_SPANS_MS, Math.max(1_000, msUntil(deadline)))),
  ]);
  await app.close();
  logger.info('bye');
}
