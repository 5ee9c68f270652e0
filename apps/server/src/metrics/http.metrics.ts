import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Histogram } from 'prom-client';
import type { Ending } from '../http/exchange';
import type { RequestContext } from '../http/request-context';
import type { RequestObserver } from '../http/request-observer';

/**
 * Counts and times every request under its route's template, so that raw paths never become labels. The pages of
 * /docs are `other`, paths that lead nowhere `none`.
 */
@Injectable()
export class HttpMetrics implements RequestObserver {
  constructor(
    @InjectMetric('http_requests_total') private readonly requests: Counter,
    @InjectMetric('http_request_duration_seconds') private readonly duration: Histogram,
  ) {}

  closed({ route, started }: RequestContext, { method, status }: Ending): void {
    const labels = {
      method: METHODS.has(method) ? method : 'OTHER',
      route: route ?? (status === 404 ? 'none' : 'other'),
      status,
    };
    this.requests.inc(labels);
    this.duration.observe(labels, (performance.now() - started) / 1000);
  }
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
