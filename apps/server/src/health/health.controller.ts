import { Controller, Get, VERSION_NEUTRAL } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { Public } from '../auth/route-access';
import { ApiProblems } from '../http/api-problems';
import { ModelsHealth } from './models.health';

@ApiTags('operations')
@Public()
@ApiProblems('INVALID_REQUEST')
@Controller({ path: 'health', version: VERSION_NEUTRAL })
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly models: ModelsHealth,
  ) {}

  @Get()
  @HealthCheck()
  @ApiOperation({ summary: 'The server and every routed version' })
  all(): Promise<HealthCheckResult> {
    return this.health.check([() => this.models.server(), () => this.models.routed(), () => this.models.store()]);
  }

  @Get('live')
  @HealthCheck()
  @ApiOperation({ summary: 'The process answers; restart it when not' })
  live(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }

  @Get('ready')
  @HealthCheck()
  @ApiOperation({ summary: 'Every routed version is READY and the server is not shutting down' })
  ready(): Promise<HealthCheckResult> {
    return this.health.check([() => this.models.server(), () => this.models.routed(), () => this.models.store()]);
  }
}
