import { ApiExtraModels, ApiProperty, ApiPropertyOptional, getSchemaPath } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import type { ErrorCode } from '#core';
import { DATA_TYPES } from '#tasks';
import { Whole } from '#validation';
import { ModelQuery } from '../../http/model-ref.dto';
import { PROBLEMS } from '../../http/problem';

export class PathPredictQuery {
  @ApiPropertyOptional({
    description: 'How many classes to answer; of a multi-label model at the most',
    type: 'integer',
    minimum: 1,
    example: 3,
  })
  @IsOptional()
  @Whole(1)
  top_k?: number;
}

export class PredictQuery extends ModelQuery {
  @ApiPropertyOptional({
    description: 'How many classes to answer; of a multi-label model at the most',
    type: 'integer',
    minimum: 1,
    example: 3,
  })
  @IsOptional()
  @Whole(1)
  top_k?: number;
}

export class ModelUsed {
  @ApiProperty({ example: 'resnet-cifar10' })
  name!: string;

  @ApiProperty({ type: 'integer', example: 2 })
  version!: number;

  @ApiProperty({
    type: 'string',
    nullable: true,
    description: 'Arm of the split; null when the policy has none or the version was asked for',
    example: null,
  })
  variant!: string | null;
}

export class ClassScoreDto {
  @ApiProperty({ type: 'integer', example: 8 })
  class_id!: number;

  @ApiProperty({ example: 'ship' })
  label!: string;

  @ApiProperty({ description: '0 to 1', example: 0.9713 })
  confidence!: number;
}

export class TensorDto {
  @ApiProperty({ type: [Number], example: [1, 2] })
  shape!: readonly number[];

  @ApiProperty({ enum: [...Object.keys(DATA_TYPES), 'BYTES'], example: 'FP32' })
  datatype!: string;

  @ApiProperty({
    type: 'array',
    items: {},
    description:
      'The elements, row by row. 64-bit integers beyond 2^53 are strings, and so are "NaN", "Infinity" and "-Infinity"',
    example: [0.25, 0.75],
  })
  data!: readonly (number | string | boolean)[];
}

const OUTPUTS = { type: 'object', additionalProperties: { $ref: getSchemaPath(TensorDto) } } as const;

export class TimingDto {
  @ApiProperty({ description: 'Waiting for a worker, ms', example: 0.1 })
  queue!: number;

  @ApiProperty({ description: 'Decoding and preprocessing, ms', example: 1.9 })
  decode!: number;

  @ApiProperty({ description: 'Running the batch it was in, ms', example: 0.8 })
  inference!: number;

  @ApiProperty({ description: 'From the whole request being there to the answer, ms', example: 3.4 })
  total!: number;
}

@ApiExtraModels(TensorDto)
export class PredictResponse {
  @ApiProperty({ example: '0b6b2a1e-6d43-4f4e-9a0a-3f1f6f6a8e55' })
  request_id!: string;

  @ApiProperty({ type: () => ModelUsed })
  model!: ModelUsed;

  @ApiPropertyOptional({
    type: () => [ClassScoreDto],
    description:
      'Best first; of a model that classifies. Of a multi-label model all that reach its threshold, which may be none',
  })
  predictions?: readonly ClassScoreDto[];

  @ApiPropertyOptional({ ...OUTPUTS, description: 'By name; of a model of tensors' })
  outputs?: Record<string, TensorDto>;

  @ApiPropertyOptional({ description: 'Of a regression, in the unit that the version names', example: 152.3 })
  value?: number;

  @ApiProperty({ description: 'Computed for another request with the same input; no timings then', example: false })
  cached!: boolean;

  @ApiProperty({ type: () => TimingDto })
  timing_ms!: TimingDto;
}

export class ItemErrorDto {
  @ApiProperty({ enum: Object.keys(PROBLEMS), example: 'INVALID_IMAGE' })
  code!: ErrorCode;

  @ApiProperty({ example: 'the file is empty' })
  detail!: string;
}

export class BatchItemDto {
  @ApiProperty({ type: 'integer', example: 0 })
  index!: number;

  @ApiPropertyOptional({ type: () => [ClassScoreDto] })
  predictions?: readonly ClassScoreDto[];

  @ApiPropertyOptional({ ...OUTPUTS })
  outputs?: Record<string, TensorDto>;

  @ApiPropertyOptional({ description: 'Of a regression', example: 152.3 })
  value?: number;

  @ApiPropertyOptional({ type: () => ItemErrorDto })
  error?: ItemErrorDto;
}

export class BatchResponse {
  @ApiProperty({ example: '0b6b2a1e-6d43-4f4e-9a0a-3f1f6f6a8e55' })
  request_id!: string;

  @ApiProperty({ type: () => ModelUsed })
  model!: ModelUsed;

  @ApiProperty({ type: () => [BatchItemDto], description: 'In the order of the images, rows or tensors' })
  results!: BatchItemDto[];
}
