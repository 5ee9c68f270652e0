import { Inject, Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter } from 'prom-client';
import type { Logger } from 'pino';
import { TRAFFIC_EVENT_TYPES, type ShadowOutcome, type TrafficEvent } from '#routing';
import type { RoutingOptions, TrafficEventsOptions } from '#routing/nest';
import { LOGGER } from '../settings';

/** What the guard decides and what shadows show, as log lines and metrics. */
@Injectable()
export class LoggingTrafficObserver implements TrafficEventsOptions, RoutingOptions {
  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    @InjectMetric('traffic_events_total') private readonly events: Counter,
    @InjectMetric('shadow_comparisons_total') private readonly comparisons: Counter,
    @InjectMetric('shadow_requests_total') private readonly requests: Counter,
  ) {}

  readonly onEvent = ({ model, type, detail, numbers }: TrafficEvent): void => {
    // A counter that appears with its first event hides that event from Prometheus' increase().
    for (const each of TRAFFIC_EVENT_TYPES) this.events.inc({ model, type: each }, each === type ? 1 : 0);
    const level = type === 'canary-rolled-back' || type === 'guard-failed' ? 'warn' : 'info';
    this.logger[level]({ model, type, numbers }, `${model}: ${type}: ${detail}`);
  };

  readonly onShadow = (model: string, version: number, outcome: ShadowOutcome): void => {
    this.requests.inc({ model, version, outcome });
    if (outcome === 'agreed' || outcome === 'disagreed') {
      this.comparisons.inc({ model, version, agreed: String(outcome === 'agreed') });
    }
  };
}
