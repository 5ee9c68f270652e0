import {
  ApiProperty,
  ApiPropertyOptional,
  IntersectionType,
  OmitType,
  PartialType,
  PickType,
  type ApiPropertyOptions,
} from '@nestjs/swagger';
import { ALIAS, CanaryRules, Policy, Shadow, Variant, type VersionRef } from '#registry';

/*
 * The registry's own classes, which check what is in a policy, and beside each field what OpenAPI says of it. That both say the
 * same is held by policy.dto.spec.ts.
 */

const VERSION: ApiPropertyOptions = {
  oneOf: [
    { type: 'integer', minimum: 1 },
    { type: 'string', pattern: ALIAS.source },
  ],
  description: 'A number or an alias',
  example: 'champion',
};
const PER_CENT = { minimum: 0, maximum: 100 };
const SHARE = { minimum: 0, maximum: 1 };

export class PolicyVariantDto extends Variant {
  @ApiProperty({ pattern: ALIAS.source, example: 'canary' })
  override name!: string;

  @ApiProperty(VERSION)
  override version!: VersionRef;

  @ApiProperty({ ...PER_CENT, description: 'Per cent of the traffic; all variants together have 100', example: 10 })
  override weight!: number;
}

export class PolicyShadowDto extends Shadow {
  @ApiProperty(VERSION)
  override version!: VersionRef;

  @ApiProperty({ ...PER_CENT, description: 'How much of the traffic is copied to it', example: 20 })
  override percent!: number;
}

export class PolicyGuardDto extends CanaryRules {
  @ApiProperty({ pattern: ALIAS.source, description: 'The variant that it watches', example: 'canary' })
  override variant!: string;

  @ApiProperty({ type: 'integer', minimum: 1, maximum: 86_400, description: 'How far it looks back, s', example: 60 })
  override window_s!: number;

  @ApiProperty({ type: 'integer', minimum: 1, description: 'Fewer in the window say nothing', example: 100 })
  override min_requests!: number;

  @ApiProperty({ ...SHARE, description: 'Share of failed requests', example: 0.02 })
  override max_error_rate!: number;

  @ApiProperty({
    minimum: 0,
    description: 'The 95th percentile of its latency over that of the other variants',
    example: 1.5,
  })
  override max_p95_ratio!: number;

  @ApiPropertyOptional({
    ...SHARE,
    description: 'Share of comparisons of a shadow of the same version with another best class',
    example: 0.1,
  })
  override max_disagreement?: number;

  @ApiProperty({
    type: 'array',
    items: { type: 'number', ...PER_CENT },
    maxItems: 100,
    description: 'Weights that the variant climbs through while it is healthy',
    example: [10, 50, 100],
  })
  override steps!: number[];

  @ApiProperty({ type: 'integer', minimum: 1, description: 'How long a step lasts at least, s', example: 300 })
  override step_s!: number;
}

export class PolicyDto extends Policy {
  @ApiProperty({
    type: 'integer',
    minimum: 0,
    description: 'Counted up by every change; what a PUT says is passed over',
    example: 7,
  })
  override revision!: number;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer', minimum: 1 },
    description: 'Names of versions',
    example: { champion: 2, challenger: 3 },
  })
  override aliases!: Record<string, number>;

  @ApiProperty({ ...VERSION, description: 'Who answers when neither the request nor the variants say' })
  override default!: VersionRef;

  @ApiPropertyOptional({ type: () => [PolicyVariantDto], maxItems: 100, description: 'Weights add up to 100' })
  override variants?: PolicyVariantDto[];

  @ApiPropertyOptional({ type: () => [PolicyShadowDto], maxItems: 10, description: 'Versions that get copies' })
  override shadows?: PolicyShadowDto[];

  @ApiPropertyOptional({ type: () => PolicyGuardDto, description: 'Moves a variant on, or takes it back' })
  override guard?: PolicyGuardDto;
}

export class PolicyRevisionDto {
  @ApiProperty({ type: 'integer', minimum: 0, example: 7 })
  revision!: number;

  @ApiPropertyOptional({ type: () => PolicyDto })
  policy?: PolicyDto;

  @ApiPropertyOptional({ type: 'integer', description: 'Of a rollback, the revision that it brought back', example: 5 })
  restores?: number;

  @ApiPropertyOptional({ description: 'Why it cannot be read any more' })
  problem?: string;
}

export class PolicyHistoryDto {
  @ApiProperty({ type: () => [PolicyRevisionDto], description: 'Newest first' })
  revisions!: PolicyRevisionDto[];
}

/** What a PUT sends: a policy, whose revision is not the sender's to choose. */
export class PolicyBody extends IntersectionType(
  OmitType(PolicyDto, ['revision']),
  PartialType(PickType(PolicyDto, ['revision'])),
) {}

/** Of these, fields that are not described are refused. */
export const POLICY_CLASSES = [PolicyBody, PolicyDto, PolicyVariantDto, PolicyShadowDto, PolicyGuardDto];

export const POLICY_EXAMPLE = {
  aliases: { champion: 2, challenger: 3 },
  default: 'champion',
  variants: [
    { name: 'control', version: 'champion', weight: 90 },
    { name: 'canary', version: 'challenger', weight: 10 },
  ],
};
