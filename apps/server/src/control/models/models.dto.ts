import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  type Manifest,
  type ModelRegistry,
  runtimeOf,
  taskOf,
  VERSION_STATES,
  type Model,
  type ModelVersion,
  type VersionState,
} from '#registry';
import { forClients } from '../../http/for-clients';
import { PolicyDto } from './policy.dto';

export class VersionDto {
  @ApiProperty({ example: 'resnet-cifar10' })
  model!: string;

  @ApiProperty({ type: 'integer', example: 2 })
  version!: number;

  @ApiProperty({ type: [String], description: 'Aliases that name this version', example: ['champion'] })
  aliases!: string[];

  @ApiProperty({ enum: VERSION_STATES, example: 'READY' })
  state!: VersionState;

  @ApiPropertyOptional({ description: 'Why the version FAILED, cannot replace a worker, or gives no answer' })
  reason?: string;

  @ApiPropertyOptional({ type: 'object', additionalProperties: true, description: 'The public part of model.json' })
  manifest?: Record<string, unknown>;

  @ApiPropertyOptional({
    type: [String],
    description: 'In the order of class_id; there once the version has been loaded',
  })
  labels?: string[];

  @ApiPropertyOptional({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    description: 'Of a model of tables, in the order of values without names; there once the version has been loaded',
    example: [{ name: 'petal length', type: 'number' }],
  })
  features?: object[];

  @ApiPropertyOptional({ description: 'Of a regression: in what its values are', example: 'mm Hg' })
  unit?: string;

  @ApiPropertyOptional({ type: 'object', additionalProperties: true, description: 'Workers, threads, batch and queue' })
  runtime?: Record<string, unknown>;

  @ApiPropertyOptional({ type: () => PolicyDto, description: 'The policy of the model' })
  policy?: PolicyDto;

  @ApiPropertyOptional({ description: 'The last load, with all its checks, s', example: 0.6 })
  load_seconds?: number;

  @ApiPropertyOptional({ description: 'Reading the graph, ms', example: 21 })
  session_ms?: number;

  @ApiPropertyOptional({ description: 'Warm-up, ms', example: 9 })
  warm_up_ms?: number;
}

export class ModelDto {
  @ApiProperty({ example: 'resnet-cifar10' })
  name!: string;

  @ApiProperty({ type: () => PolicyDto })
  policy!: PolicyDto;

  @ApiProperty({ type: () => [VersionSummaryDto] })
  versions!: VersionSummaryDto[];
}

export class VersionSummaryDto {
  @ApiProperty({ type: 'integer', example: 2 })
  version!: number;

  @ApiProperty({ type: [String], example: ['champion'] })
  aliases!: string[];

  @ApiProperty({ enum: VERSION_STATES, example: 'READY' })
  state!: VersionState;

  @ApiPropertyOptional({ description: 'Why the version FAILED, cannot replace a worker, or gives no answer' })
  reason?: string;

  @ApiPropertyOptional()
  description?: string;

  @ApiPropertyOptional({ description: 'Share of evaluation images that are classified rightly', example: 0.9 })
  top1?: number;

  @ApiPropertyOptional({ description: 'SHA-256 of the model file', pattern: '^[0-9a-f]{64}$' })
  sha256?: string;
}

export class ModelsDto {
  @ApiProperty({ type: () => [ModelDto] })
  models!: ModelDto[];

  @ApiProperty({
    type: [String],
    description: 'What lies in the registry and is neither a model nor a version, and what name would do',
    example: ['the folder resnet50/v3 is passed over: a version is a whole number from 1 to 999999999; 3 would do'],
  })
  passed_over!: string[];
}

export function describeModels(registry: ModelRegistry): ModelsDto {
  return { models: registry.list().map(describeModel), passed_over: registry.passedOver };
}

export function describeModel(model: Model): ModelDto {
  return {
    name: model.name,
    policy: { ...model.policy },
    versions: [...model.versions.values()].map((version) => ({
      version: version.version,
      aliases: aliasesOf(model, version),
      state: version.state,
      reason: version.reason && forClients(version.reason),
      description: version.manifest?.description,
      top1: version.manifest?.evaluation?.top1,
      sha256: version.manifest?.artifact.sha256,
    })),
  };
}

export function describeVersion(model: Model, version: ModelVersion): VersionDto {
  const { manifest, times } = version;
  return {
    model: model.name,
    version: version.version,
    aliases: aliasesOf(model, version),
    state: version.state,
    reason: version.reason && forClients(version.reason),
    manifest: manifest ? publicPart(manifest) : undefined,
    ...version.card,
    runtime: manifest ? { ...runtimeOf(manifest) } : undefined,
    policy: { ...model.policy },
    load_seconds: version.loadSeconds,
    session_ms: times && round(times.loadMs),
    warm_up_ms: times && round(times.warmUpMs),
  };
}

/** What the task says is the registry's own business is not shown; how the version is run is shown as it is in effect. */
function publicPart(manifest: Manifest): Record<string, unknown> {
  const hidden = ['runtime', ...taskOf(manifest).privateFields];
  return Object.fromEntries(Object.entries(manifest).filter(([field]) => !hidden.includes(field)));
}

function aliasesOf({ policy }: Model, { version }: ModelVersion): string[] {
  return Object.entries(policy.aliases)
    .filter(([, number]) => number === version)
    .map(([alias]) => alias);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
