import { Controller, Get, Res, VERSION_NEUTRAL } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { PrometheusController } from '@willsoto/nestjs-prometheus';
import type { Response } from 'express';
import { setImmediate as otherRequests } from 'node:timers/promises';
import { register } from 'prom-client';
import { Public } from '../auth/route-access';
import { ApiProblems } from '../http/api-problems';
import { GoneVersions } from './gone-versions';
import { LiveMetrics } from './live.metrics';

@ApiTags('operations')
@Public()
@ApiProblems('INVALID_REQUEST')
@Controller({ path: 'metrics', version: VERSION_NEUTRAL })
export class MetricsController extends PrometheusController {
  private text: Promise<string> | undefined;

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

  /** Once for all that ask at the same time: however many there are, predictions get their turn. */
  private async render(): Promise<string> {
    await otherRequests();
    this.text = undefined;
    this.live.sample();
    await this.goneVersions.forget();
    return register.metrics();
  }
}
