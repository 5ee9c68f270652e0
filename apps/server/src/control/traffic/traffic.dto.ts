import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

class OpinionDto {
  @ApiProperty({ type: 'integer', example: 2 })
  version!: number;

  @ApiPropertyOptional({ description: 'The best class, of a model that classifies', example: 'ship' })
  label?: string;

  @ApiPropertyOptional({ example: 0.97 })
  confidence?: number;

  @ApiPropertyOptional({ description: 'All classes, of a multi-label model', type: 'array', items: { type: 'object' } })
  classes?: { label: string; confidence: number }[];

  @ApiPropertyOptional({
    description: 'Where two answers of tensors are furthest apart: the output',
    example: 'scores',
  })
  output?: string;

  @ApiPropertyOptional({ type: 'integer', description: 'The element of it, counted row by row' })
  element?: number;

  @ApiPropertyOptional({
    description: 'What stands there',
    oneOf: [{ type: 'number' }, { type: 'string' }, { type: 'boolean' }],
  })
  value?: unknown;

  @ApiPropertyOptional({ type: [Number], description: 'Of that output, where the shapes differ' })
  shape?: number[];
}

class DisagreementDto {
  @ApiProperty({ format: 'date-time' })
  at!: string;

  @ApiProperty()
  request_id!: string;

  @ApiProperty({ type: () => OpinionDto })
  answered!: OpinionDto;

  @ApiProperty({ type: () => OpinionDto })
  shadow!: OpinionDto;
}

class ShadowDto {
  @ApiProperty({ type: 'integer', example: 3 })
  version!: number;

  @ApiProperty({ type: 'integer' })
  compared!: number;

  @ApiProperty({ type: 'integer', description: 'Of those, how often the answers were the same' })
  agreed!: number;

  @ApiProperty({ type: 'integer' })
  failed!: number;

  @ApiProperty({ type: 'integer', description: 'Not sent, because clients come first' })
  dropped!: number;

  @ApiProperty({ description: 'Mean of the shadow’s confidence minus the answer’s' })
  confidence_shift!: number;

  @ApiProperty({ description: 'Mean of the shadow’s decode and inference time minus the answer’s, ms' })
  latency_difference_ms!: number;

  @ApiProperty({ type: () => [DisagreementDto], description: 'The latest 50, newest first; images are not kept' })
  disagreements!: DisagreementDto[];
}

export class ShadowsDto {
  @ApiProperty({ example: 'resnet-cifar10' })
  model!: string;

  @ApiProperty({ type: () => [ShadowDto] })
  shadows!: ShadowDto[];
}

class EventDto {
  @ApiProperty({ format: 'date-time' })
  at!: string;

  @ApiProperty({ example: 'canary-promoted' })
  type!: string;

  @ApiProperty({ example: 'canary from 10% to 25%: healthy: error rate 0.00%, p95 8.1 ms against 8.4 ms' })
  detail!: string;

  @ApiPropertyOptional({ type: 'object', additionalProperties: true, description: 'What the decision was based on' })
  numbers?: object;
}

export class EventsDto {
  @ApiProperty({ example: 'resnet-cifar10' })
  model!: string;

  @ApiProperty({ type: () => [EventDto] })
  events!: EventDto[];
}

class WindowDto {
  @ApiProperty({ type: 'integer' })
  requests!: number;

  @ApiProperty({ description: '0 to 1' })
  error_rate!: number;

  @ApiProperty({ type: 'number', nullable: true, description: 'Of the answered ones; null without any' })
  p95_ms!: number | null;
}

class CanaryEvidenceDto {
  @ApiProperty({ type: () => WindowDto })
  canary!: WindowDto;

  @ApiProperty({ type: () => WindowDto, description: 'All other variants together' })
  others!: WindowDto;

  @ApiProperty({ type: 'integer', description: 'Of a shadow of the same version, since the canary began' })
  comparisons!: number;

  @ApiProperty({ description: 'Share of the comparisons with another best class, 0 to 1' })
  disagreement!: number;
}

class GuardStatusDto extends CanaryEvidenceDto {
  @ApiProperty({ type: 'integer', description: 'Of the policy that it looked at', example: 7 })
  revision!: number;

  @ApiProperty({ description: 'What it watches', example: 'canary' })
  variant!: string;

  @ApiProperty({ description: 'Per cent of the traffic', example: 10 })
  weight!: number;

  @ApiProperty({ description: 'How long the variant has had this weight, seconds', example: 12.5 })
  step_age_s!: number;

  @ApiProperty({ enum: ['hold', 'promote', 'roll-back'] })
  action!: string;

  @ApiProperty({ example: 'the step has lasted 12 of 300 s; 31 of 100 requests in the last 60 s' })
  reason!: string;

  @ApiProperty({
    type: () => CanaryEvidenceDto,
    description: 'The same without the senders who say most: what the guard goes by, so that none of them decides',
  })
  judged!: CanaryEvidenceDto;
}

export class GuardDto {
  @ApiProperty({ example: 'resnet-cifar10' })
  model!: string;

  @ApiProperty({
    type: () => GuardStatusDto,
    nullable: true,
    description: 'null where the policy has no guard, and for a second after it has got one',
  })
  guard!: GuardStatusDto | null;
}
