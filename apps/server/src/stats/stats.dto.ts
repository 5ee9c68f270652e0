import { ApiProperty } from '@nestjs/swagger';

const RATE = { type: 'number', minimum: 0 } as const;

export class SampleDto {
  @ApiProperty({ format: 'date-time', description: 'The end of the time that it is about' })
  at!: string;

  @ApiProperty({ ...RATE, description: 'HTTP requests a second, probes and scrapes left out' })
  requests_per_s!: number;

  @ApiProperty({ ...RATE, description: 'Those of them that were answered with a status from 500 on, a second' })
  errors_per_s!: number;

  @ApiProperty({ ...RATE, description: 'Inputs that versions have computed, a second' })
  predictions_per_s!: number;

  @ApiProperty({
    type: 'number',
    nullable: true,
    description: 'Median of the time that these took, ms; null without any',
  })
  p50_ms!: number | null;

  @ApiProperty({ type: 'number', nullable: true, description: 'The 95th percentile' })
  p95_ms!: number | null;

  @ApiProperty({ type: 'number', nullable: true, description: 'The 99th percentile' })
  p99_ms!: number | null;

  @ApiProperty({ type: 'number', nullable: true, description: 'Inputs per batch, on average; null without batches' })
  batch_size!: number | null;

  @ApiProperty({ type: 'integer', description: 'Requests that wait for a worker, of all versions' })
  queue!: number;

  @ApiProperty({ type: 'integer', description: 'Workers that are ready, of all versions' })
  workers!: number;

  @ApiProperty({ type: 'integer', description: 'Resident memory of the server, bytes' })
  server_bytes!: number;

  @ApiProperty({ type: 'integer', description: 'Resident memory of the workers, bytes; 0 where there is no /proc' })
  workers_bytes!: number;
}

export class StatsDto {
  @ApiProperty({
    description: 'Host name of this server: each replica counts for itself',
    example: 'eyrie-6d5f9c-x2x7k',
  })
  replica!: string;

  @ApiProperty({ format: 'date-time', description: 'Since when it runs' })
  started_at!: string;

  @ApiProperty({ type: 'integer', description: 'From one sample to the next, s', example: 10 })
  interval_s!: number;

  @ApiProperty({ type: () => [SampleDto], description: 'Of the last hour, oldest first' })
  samples!: SampleDto[];
}
