import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

export class PortDto {
  @ApiProperty({ example: 'input' })
  name!: string;

  @ApiProperty({ example: 'FP32' })
  datatype!: string;

  @ApiProperty({ type: [Number], description: '-1 for a size that is free', example: [-1, 3, 32, 32] })
  shape!: number[];
}

export class MetadataDto {
  @ApiProperty({ example: 'resnet-cifar10' })
  name!: string;

  @ApiProperty({ type: [String], description: 'Those that are loaded', example: ['2'] })
  versions!: string[];

  @ApiProperty({ example: 'onnxruntime_onnx' })
  platform!: string;

  @ApiProperty({ type: () => [PortDto] })
  inputs!: PortDto[];

  @ApiProperty({ type: () => [PortDto] })
  outputs!: PortDto[];
}

export class ReadyDto {
  @ApiProperty({ example: 'resnet-cifar10' })
  name!: string;

  @ApiPropertyOptional({ example: '2' })
  version?: string;

  @ApiProperty()
  ready!: boolean;
}

export class ModelConfigDto {
  @ApiProperty({ example: 'resnet-cifar10' })
  name!: string;

  @ApiProperty({ example: 'onnxruntime_onnx' })
  platform!: string;

  @ApiProperty({ example: 'onnxruntime' })
  backend!: string;

  @ApiProperty({ type: 'object', additionalProperties: true })
  version_policy!: object;

  @ApiProperty({
    type: 'integer',
    description: 'Pictures in one request; 0 where a request is one question',
    example: 32,
  })
  max_batch_size!: number;

  @ApiProperty({ type: 'array', items: { type: 'object' } })
  input!: object[];

  @ApiProperty({ type: 'array', items: { type: 'object' } })
  output!: object[];

  @ApiProperty({ type: 'array', items: { type: 'object' } })
  instance_group!: object[];
}

export class StatisticsDto {
  @ApiProperty({ type: 'array', items: { type: 'object' }, description: 'One for each version that is loaded' })
  model_stats!: object[];
}
