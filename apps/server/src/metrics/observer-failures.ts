import { Inject, Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter } from 'prom-client';
import type { Logger } from 'pino';
import { reportObserverFailuresTo } from '#core';
import { LOGGER } from '../settings';

/** A failure that goes on and on is logged so often; the metric counts each. */
const LOG_EVERY_MS = 60_000;

/** What observers throw, as log lines and a metric. */
@Injectable()
export class ObserverFailures {
  private readonly loggedAt = new Map<string, number>();

  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    @InjectMetric('observer_failures_total') private readonly failures: Counter,
  ) {
    reportObserverFailuresTo((observer, error) => this.report(observer, error));
  }

  private report(observer: string, error: unknown): void {
    this.failures.inc({ observer });
    const now = performance.now();
    if (now - (this.loggedAt.get(observer) ?? -Infinity) < LOG_EVERY_MS) return;
    this.loggedAt.set(observer, now);
    const stack = error instanceof Error ? error.stack : String(error);
    this.logger.error(
      { observer, stack },
      `${observer} failed: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
