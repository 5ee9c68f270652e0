import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { NextFunction, Request, Response } from 'express';
import type { Counter, Histogram } from 'prom-client';
import { contextOf } from '../http/request-context';

/**
 * Counts and times every request under its route's template, so that raw paths never become labels. The pages of
 * /docs are `other`, paths that lead nowhere `none`.
 */
@Injectable()
export class HttpMetrics {
  constructor(
    @InjectMetric('http_requests_total') private readonly requests: Counter,
    @InjectMetric('http_request_duration_seconds') private readonly duration: Histogram,
  ) {}

  readonly middleware = (req: Request, res: Response, next: NextFunction): void => {
    const started = performance.now();
    res.once('close', () => {
      const route = contextOf(res).route ?? (res.statusCode === 404 ? 'none' : 'other');
      const labels = { method: knownMethod(req.method), route, status: res.writableFinished ? res.statusCode : 499 };
      this.requests.inc(labels);
      this.duration.observe(labels, (performance.now() - started) / 1000);
    });
    next();
  };
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

function knownMethod(method: string): string {
  return METHODS.has(method) ? method : 'OTHER';
}
