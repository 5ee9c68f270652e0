import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { hostname } from 'node:os';
import { RequireScope } from '../auth/route-access';
import { ApiProblems } from '../http/api-problems';
import { StatsDto } from './stats.dto';
import { INTERVAL_S, TimeSeries } from './time-series';

const STARTED_AT = new Date(performance.timeOrigin).toISOString();

@ApiTags('operations')
@RequireScope('read')
@Controller({ version: '1' })
export class StatsController {
  constructor(private readonly series: TimeSeries) {}

  @Get('stats')
  @ApiOperation({ summary: 'The last hour of this server, every ten seconds' })
  @ApiOkResponse({ type: StatsDto })
  @ApiProblems('INVALID_REQUEST')
  stats(): StatsDto {
    return { replica: hostname(), started_at: STARTED_AT, interval_s: INTERVAL_S, samples: [...this.series.samples] };
  }
}
