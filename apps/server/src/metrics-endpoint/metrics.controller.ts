import { Controller, Get, Res, VERSION_NEUTRAL } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { PrometheusController } from '@willsoto/nestjs-prometheus';
import type { Response } from 'express';
import { setImmediate as otherRequests, setTimeout as sleep } from 'node:timers/promises';
import { register } from 'prom-client';
import { Public } from '../auth/route-access';
import { ApiProblems } from '../http/api-problems';
import { GoneVersions } from './gone-versions';
import { LiveMetrics } from './live.metrics';

/** A scrape must not time out. */
const MOST_PAUSE_MS = 500;

@ApiTags('operations')
@Public()
@ApiProblems('INVALID_REQUEST')
@Controller({ path: 'metrics', version: VERSION_NEUTRAL })
export class MetricsController extends PrometheusController {
  private text: Promise<string> | undefined;
  /** On performance.now()'s clock. */
  private nextAt = 0;

  constructor(
    private readonly live: LiveMetrics,
    private readonly goneVersions: GoneVersions,
  ) {
    super();
  }

  @Get()
  @ApiOperation({ summary: 'Metrics in the Prometheus text format' })
  @ApiProduces('text/plain')
  @ApiOkResponse({ description: 'Metrics', schema: { type: 'string' } })
  override async index(@Res({ passthrough: true }) response: Response): Promise<string> {
    response.header('Content-Type', register.contentType);
    return (this.text ??= this.render());
  }

  /**
   * Once for all that ask at the same time, and for a fifth of the time at most: however many ask, and however often, predictions
   * get their turn.
   */
  private async render(): Promise<string> {
    const pause = this.nextAt - performance.now();
    await (pause > 0 ? sleep(pause) : otherRequests());
    this.text = undefined;
    const started = performance.now();
    this.live.sample();
    await this.goneVersions.forget();
    const text = await register.metrics();
    const now = performance.now();
    this.nextAt = now + Math.min(MOST_PAUSE_MS, 4 * (now - started));
    return text;
  }
}
