import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Server } from 'node:http';
import type { Logger } from 'pino';
import { setTimeout as sleep } from 'node:timers/promises';
import { deadlineIn, msUntil, resolvesWithin } from '#core';
import { ModelRegistry } from '#registry';
import type { Config } from './config';
import { Draining } from './health/draining';
import { Connections } from './http/connections';
import { CONFIG, LOGGER, TRACING } from './settings';
import type { Tracing } from './tracing/tracing';

/** How long a shutdown waits for the last spans to be sent. */
const LAST_SPANS_MS = 2_000;

/**
 * Not ready → wait for load balancers to notice → no new connections → what is in flight finishes → workers end.
 * All of it within SHUTDOWN_GRACE_MS. Nest calls the three steps one after the other; the last, in the application's own module, before those
 * of the modules that it imports.
 */
@Injectable()
export class Shutdown implements OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown {
  /** On performance.now()'s clock. */
  private deadline = 0;

  constructor(
    private readonly draining: Draining,
    private readonly connections: Connections,
    private readonly registry: ModelRegistry,
    private readonly adapterHost: HttpAdapterHost,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(TRACING) private readonly tracing: Tracing | undefined,
  ) {}

  onModuleDestroy(): void {
    this.deadline = deadlineIn(this.config.SHUTDOWN_GRACE_MS);
    this.logger.info('shutting down');
    this.draining.begin();
    this.connections.makeAnswersLast();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await sleep(Math.min(this.config.SHUTDOWN_DELAY_MS, this.left));
    const server = this.adapterHost.httpAdapter.getHttpServer() as Server;
    if (await resolvesWithin(this.left, this.connections.drain(server))) return;
    const { underWay } = this.connections;
    if (underWay > 0) {
      const { SHUTDOWN_GRACE_MS } = this.config;
      this.logger.warn(
        `${underWay} requests still ran after SHUTDOWN_GRACE_MS (${SHUTDOWN_GRACE_MS} ms); they are cut`,
      );
    }
    server.closeAllConnections();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([
      this.registry.stop(Math.max(1_000, this.left)),
      this.tracing?.stop(Math.min(LAST_SPANS_MS, Math.max(1_000, this.left))),
    ]);
    this.logger.info('bye');
  }

  private get left(): number {
    return msUntil(this.deadline);
  }
}
