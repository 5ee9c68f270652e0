import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { NextFunction, Request, Response } from 'express';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Counter, Histogram } from 'prom-client';
import { contextOf, statusOf } from '../http/request-context';

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
      this.closed(req, res, route, performance.now() - started);
    });
    next();
  };

  /** A request is over, answered or not. @param route template of its path */
  closed({ method = '' }: IncomingMessage, res: ServerResponse, route: string, durationMs: number): void {
    const labels = { method: METHODS.has(method) ? method : 'OTHER', route, status: statusOf(res) };
    this.requests.inc(labels);
    this.duration.observe(labels, durationMs / 1000);
  }
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
