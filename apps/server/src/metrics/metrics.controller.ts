import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { PrometheusController } from '@willsoto/nestjs-prometheus';
import type { Response } from 'express';
import { ApiProblems } from '../openapi/api-problems';
import { LiveMetrics } from './live.metrics';

@ApiTags('operations')
@ApiProblems('INVALID_REQUEST')
@Controller('metrics')
export class MetricsController extends PrometheusController {
  constructor(private readonly live: LiveMetrics) {
    super();
  }

  @Get()
  @ApiOperation({ summary: 'Metrics in the Prometheus text format' })
  @ApiProduces('text/plain')
  @ApiOkResponse({ description: 'Metrics', schema: { type: 'string' } })
  override async index(@Res({ passthrough: true }) response: Response): Promise<string> {
    this.live.sample();
    return super.index(response);
  }
}
