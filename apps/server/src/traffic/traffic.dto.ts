import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

class OpinionDto {
  @ApiProperty({ type: 'integer', example: 2 })
  version!: number;

  @ApiProperty({ example: 'ship' })
  label!: string;

  @ApiProperty({ example: 0.97 })
  confidence!: number;
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

  @ApiProperty({ type: 'integer', description: 'Of those, how often the best class was the same' })
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
