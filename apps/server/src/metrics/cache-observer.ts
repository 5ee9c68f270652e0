import { Inject, Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge } from 'prom-client';
import type { Logger } from 'pino';
import type { CacheObserver } from '#cache';
import type { Config } from '../config';
import { CONFIG, LOGGER } from '../settings';

/** A failure that goes on and on is logged so often; the metric counts each. */
const LOG_EVERY_MS = 60_000;

/** How Redis is, as log lines and metrics. */
@Injectable()
export class LoggingCacheObserver implements CacheObserver {
  private readonly loggedAt = new Map<string, number>();

  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(CONFIG) config: Config,
    @InjectMetric('redis_up') private readonly up: Gauge,
    @InjectMetric('redis_failures_total') private readonly failures: Counter,
  ) {
    if (config.REDIS_URL === '') this.up.remove();
  }

  readonly onState = (up: boolean): void => {
    this.up.set(up ? 1 : 0);
    if (up) this.logger.info('Redis is used as a cache');
    else this.logger.warn('Redis is away; what it keeps is computed anew until it is back');
    // Whatever fails after a change is news.
    if (up) this.loggedAt.clear();
  };

  readonly onFailure = (failure: Parameters<NonNullable<CacheObserver['onFailure']>>[0], detail: string): void => {
    this.failures.inc({ failure });
    const now = performance.now();
    if (now - (this.loggedAt.get(failure) ?? -Infinity) < LOG_EVERY_MS) return;
    this.loggedAt.set(failure, now);
    this.logger.warn({ failure }, `Redis: ${failure}: ${detail}`);
  };
}
