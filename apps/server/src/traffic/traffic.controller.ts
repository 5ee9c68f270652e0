import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ModelRegistry } from '#registry';
import { ShadowTraffic, TrafficEvents } from '#routing';
import { ApiProblems } from '../openapi/api-problems';
import { ModelPath } from '../predict/predict.dto';
import { EventsDto, ShadowsDto } from './traffic.dto';

@ApiTags('models')
@Controller('v1/models/:model')
export class TrafficController {
  constructor(
    private readonly registry: ModelRegistry,
    private readonly shadows: ShadowTraffic,
    private readonly trafficEvents: TrafficEvents,
  ) {}

  @Get('shadow')
  @ApiOperation({ summary: 'How the shadows of a model compare with what clients got, since this server started' })
  @ApiOkResponse({ type: ShadowsDto })
  @ApiProblems('INVALID_REQUEST', 'MODEL_NOT_FOUND')
  shadow(@Param() { model }: ModelPath): ShadowsDto {
    return {
      model,
      shadows: this.shadows
        .summaries(model)
        .map((summary) => ({ ...summary, disagreements: [...summary.disagreements] })),
    };
  }

  @Get('events')
  @ApiOperation({ summary: 'What happened to the traffic of a model, newest first, since this server started' })
  @ApiOkResponse({ type: EventsDto })
  @ApiProblems('INVALID_REQUEST', 'MODEL_NOT_FOUND')
  events(@Param() { model }: ModelPath): EventsDto {
    this.registry.model(model);
    return {
      model,
      events: this.trafficEvents.of(model).map(({ at, type, detail, numbers }) => ({ at, type, detail, numbers })),
    };
  }
}
