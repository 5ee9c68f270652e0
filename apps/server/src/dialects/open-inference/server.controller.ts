import { Controller, Get, HttpStatus, Res, VERSION_NEUTRAL } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Public, RequireScope } from '../../auth/route-access';
import { ModelsHealth } from '../../health/models.health';
import { ApiErrors } from './error-form';
import { TAG } from './infer.openapi';
import { SERVER } from './server-description';

class ServerDto {
  @ApiProperty({ example: 'eyrie' })
  name!: string;

  @ApiProperty({ example: SERVER.version })
  version!: string;

  @ApiProperty({ type: [String], example: SERVER.extensions })
  extensions!: string[];
}

class HealthDto {
  @ApiProperty({ description: 'The process answers' })
  live!: boolean;

  @ApiProperty({ description: 'Every routed version is READY and the server is not shutting down' })
  ready!: boolean;
}

@ApiTags(TAG)
@ApiErrors('INVALID_REQUEST')
@Controller({ path: 'v2', version: VERSION_NEUTRAL })
export class OpenInferenceServerController {
  constructor(private readonly models: ModelsHealth) {}

  @Get()
  @RequireScope('read')
  @ApiOperation({ summary: 'What answers, and which extensions of the protocol it knows' })
  @ApiOkResponse({ type: ServerDto })
  server(): ServerDto {
    return SERVER;
  }

  @Get('health/live')
  @Public()
  @ApiOperation({ summary: 'The process answers; restart it when not' })
  @ApiOkResponse({ type: HealthDto })
  live(): HealthDto {
    return this.health();
  }

  @Get('health/ready')
  @Public()
  @ApiOperation({ summary: 'As /health/ready' })
  @ApiOkResponse({ type: HealthDto })
  @ApiResponse({ status: 503, type: HealthDto })
  ready(@Res({ passthrough: true }) res: Response): HealthDto {
    const health = this.health();
    if (!health.ready) res.status(HttpStatus.SERVICE_UNAVAILABLE);
    return health;
  }

  /** Some clients read the one field of either answer, some the other. */
  private health(): HealthDto {
    return { live: true, ready: this.models.isReady };
  }
}
