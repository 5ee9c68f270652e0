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
import { GrpcServer } from './grpc/grpc-server';
import { Draining } from './health/draining';
import { Connections } from './http/connections';
import { CONFIG, LOGGER, TRACING } from './settings';
import type { Tracing } from './tracing/tracing';

/** How long a shutdown waits for the last spans to be sent. */
const LAST_SPANS_MS = 2_000;
/** What is kept of SHUTDOWN_GRACE_MS for the end of the workers: this share of it, or these milliseconds, whichever is less. */
const FOR_WORKERS = { share: 0.25, mostMs: 2_000 };

/**
 * Not ready → wait for load balancers to notice → no new connections → what is in flight finishes → workers end.
 * All of it within SHUTDOWN_GRACE_MS. Nest calls the three steps one after the other; the last, in the application's own module, before those
 * of the modules that it imports.
 */
@Injectable()
export class Shutdown implements OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown {
  /** Until when requests may run, and until when workers and spans; on performance.now()'s clock. */
  private requestsUntil = 0;
  private workersUntil = 0;

  constructor(
    private readonly draining: Draining,
    private readonly connections: Connections,
    private readonly grpc: GrpcServer,
    private readonly registry: ModelRegistry,
    private readonly adapterHost: HttpAdapterHost,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(TRACING) private readonly tracing: Tracing | undefined,
  ) {}

  onModuleDestroy(): void {
    const { SHUTDOWN_GRACE_MS } = this.config;
    const forWorkersMs = Math.min(SHUTDOWN_GRACE_MS * FOR_WORKERS.share, FOR_WORKERS.mostMs);
    this.requestsUntil = deadlineIn(SHUTDOWN_GRACE_MS - forWorkersMs);
    this.workersUntil = deadlineIn(SHUTDOWN_GRACE_MS - forWorkersMs / 2);
    this.logger.info('shutting down');
    this.draining.begin();
    this.connections.makeAnswersLast();
    this.grpc.drain();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await sleep(Math.min(this.config.SHUTDOWN_DELAY_MS, msUntil(this.requestsUntil)));
    const server = this.adapterHost.httpAdapter.getHttpServer() as Server;
    if (await resolvesWithin(msUntil(this.requestsUntil), this.connections.drain(server, ...this.grpc.servers))) return;
    const { underWay } = this.connections;
    if (underWay > 0) {
      const { SHUTDOWN_GRACE_MS } = this.config;
      this.logger.warn(
        `${underWay} requests still ran when SHUTDOWN_GRACE_MS (${SHUTDOWN_GRACE_MS} ms) was nearly over; they are cut`,
      );
    }
    this.connections.cut();
  }

  async onApplicationShutdown(): Promise<void> {
    const left = msUntil(this.workersUntil);
    await Promise.all([this.registry.stop(left), this.tracing?.stop(Math.min(LAST_SPANS_MS, left))]);
    this.logger.info('bye');
  }
}
