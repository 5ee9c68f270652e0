import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ModelRegistry } from '#registry';
import { CanaryGuard, type GuardStatus, ShadowTraffic, TrafficEvents } from '#routing';
import { RequireScope } from '../../auth/route-access';
import { forClients } from '../../http/for-clients';
import { ApiProblems } from '../../http/api-problems';
import { ModelPath } from '../../http/model-ref.dto';
import { EventsDto, GuardDto, ShadowsDto } from './traffic.dto';

@ApiTags('models')
@RequireScope('read')
@Controller({ path: 'models/:model', version: '1' })
export class TrafficController {
  constructor(
    private readonly registry: ModelRegistry,
    private readonly shadows: ShadowTraffic,
    private readonly guard: CanaryGuard,
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

  @Get('guard')
  @ApiOperation({ summary: 'What the guard of a model sees, what it makes of it, and why' })
  @ApiOkResponse({ type: GuardDto })
  @ApiProblems('INVALID_REQUEST', 'MODEL_NOT_FOUND')
  guardStatus(@Param() { model }: ModelPath): GuardDto {
    const { policy } = this.registry.model(model);
    const status = this.guard.status(model);
    return { model, guard: status?.revision === policy.revision ? describe(status) : null };
  }

  @Get('events')
  @ApiOperation({ summary: 'What happened to the traffic of a model, newest first, since this server started' })
  @ApiOkResponse({ type: EventsDto })
  @ApiProblems('INVALID_REQUEST', 'MODEL_NOT_FOUND')
  events(@Param() { model }: ModelPath): EventsDto {
    this.registry.model(model);
    return {
      model,
      events: this.trafficEvents
        .of(model)
        .map(({ at, type, detail, numbers }) => ({ at, type, detail: forClients(detail), numbers })),
    };
  }
}

function describe({ revision, guard, input, decision }: GuardStatus): GuardDto['guard'] {
  return {
    revision,
    variant: guard.variant,
    weight: input.weight,
    step_age_s: input.stepAge,
    action: decision.action,
    reason: decision.reason,
    ...describeEvidence(input.all),
    judged: describeEvidence(input),
  };
}

function describeEvidence({ canary, others, comparisons, disagreement }: GuardStatus['input']['all']) {
  return { canary: describeWindow(canary), others: describeWindow(others), comparisons, disagreement };
}

function describeWindow({ requests, errorRate, p95 }: GuardStatus['input']['canary']) {
  return { requests, error_rate: errorRate, p95_ms: p95 };
}
