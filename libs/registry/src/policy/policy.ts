import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsDefined,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { check, inOneLine } from '#validation';

export const ALIAS = /^[a-z][a-z0-9_-]{0,62}$/;
const ALIAS_RULE = { message: 'must start with a lower-case letter; then lower-case letters, digits, "_" and "-"' };

/** A version by its number, or by an alias. */
export type VersionRef = number | string;

export class Variant {
  @Matches(ALIAS, ALIAS_RULE)
  name!: string;

  @IsDefined({ message: 'must be given' })
  version!: VersionRef;

  /** Per cent of the traffic; all variants together have 100. */
  @IsNumber()
  @Min(0)
  @Max(100)
  weight!: number;
}

export class Shadow {
  @IsDefined({ message: 'must be given' })
  version!: VersionRef;

  /** How much of the traffic is copied to it. */
  @IsNumber()
  @Min(0)
  @Max(100)
  percent!: number;
}

/** What the canary guard goes by: when it gives the variant more traffic, and when it takes it back. */
export class CanaryRules {
  @Matches(ALIAS, ALIAS_RULE)
  variant!: string;

  @IsInt()
  @Min(1)
  @Max(86_400)
  window_s!: number;

  @IsInt()
  @Min(1)
  min_requests!: number;

  /** Share of failed requests, 0..1. */
  @IsNumber()
  @Min(0)
  @Max(1)
  max_error_rate!: number;

  /** The canary's 95th percentile of latency over that of the others. */
  @IsNumber()
  @Min(0)
  max_p95_ratio!: number;

  /** Share of images on which a shadow of the canary's version says another class than clients got, 0..1. */
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(1)
  max_disagreement?: number;

  /** Weights that the canary climbs through while it is healthy. */
  @IsArray()
  @ArrayMaxSize(100)
  @IsNumber({}, { each: true })
  @Min(0, { each: true })
  @Max(100, { each: true })
  steps!: number[];

  @IsInt()
  @Min(1)
  step_s!: number;
}

/** `policy.json`: the aliases of a model and how its traffic is split. */
export class Policy {
  /** Counts up by one with every change. */
  @IsInt()
  @Min(0)
  revision!: number;

  @IsObject()
  aliases!: Record<string, number>;

  /** Who answers when neither the request nor the variants say. */
  @IsDefined({ message: 'must be given' })
  default!: VersionRef;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(100)
  @ValidateNested({ each: true })
  @Type(() => Variant)
  variants?: Variant[];

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(10)
  @ValidateNested({ each: true })
  @Type(() => Shadow)
  shadows?: Shadow[];

  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => CanaryRules)
  guard?: CanaryRules;
}

/** A policy that cannot be applied. The message says why. */
export class InvalidPolicyError extends Error {}

/** What a model without a policy.json has: its newest version answers. */
export function defaultPolicy(versions: readonly number[]): Policy {
  return { revision: 0, aliases: {}, default: Math.max(...versions) };
}

/**
 * @param existing the versions that it may name; undefined does not look whether they are there
 * @throws InvalidPolicyError
 */
export function parsePolicy(plain: unknown, existing: readonly number[] | undefined): Policy {
  const checked = check(Policy, plain);
  if (!checked.ok) throw new InvalidPolicyError(inOneLine(checked.problems));
  const policy = checked.value;
  for (const [alias, version] of Object.entries(policy.aliases)) {
    if (!ALIAS.test(alias)) throw new InvalidPolicyError(`alias "${alias}" ${ALIAS_RULE.message}`);
    if (!Number.isInteger(version)) throw new InvalidPolicyError(`alias "${alias}" must name a version by its number`);
    requireVersion(version, existing, `alias "${alias}"`);
  }
  const variants = policy.variants ?? [];
  const names = variants.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new InvalidPolicyError(`there are two variants called "${twice}"`);
  const sum = variants.reduce((total, { weight }) => total + weight, 0);
  if (variants.length > 0 && Math.abs(sum - 100) > 1e-6) {
    throw new InvalidPolicyError(`the weights of the variants add up to ${sum}; they must add up to 100`);
  }
  if (policy.guard && !names.includes(policy.guard.variant)) {
    throw new InvalidPolicyError(`the guard watches "${policy.guard.variant}", which is no variant`);
  }
  for (const { ref, what } of references(policy)) {
    const version = resolveVersion(policy, ref);
    if (version === undefined) throw new InvalidPolicyError(`${what} names "${ref}", which is no alias of this model`);
    requireVersion(version, existing, what);
  }
  return policy;
}

/** The version's number; undefined when an alias is not there. */
export function resolveVersion(policy: Policy, ref: VersionRef): number | undefined {
  if (typeof ref === 'number') return ref;
  return Object.hasOwn(policy.aliases, ref) ? policy.aliases[ref] : undefined;
}

/** Every version that the policy names, ascending. */
export function routedVersions(policy: Policy): number[] {
  const named = references(policy).map(({ ref }) => resolveVersion(policy, ref)!);
  return [...new Set([...Object.values(policy.aliases), ...named])].sort((a, b) => a - b);
}

function references(policy: Policy): { ref: VersionRef; what: string }[] {
  return [
    { ref: policy.default, what: 'default' },
    ...(policy.variants ?? []).map(({ name, version }) => ({ ref: version, what: `variant "${name}"` })),
    ...(policy.shadows ?? []).map(({ version }) => ({ ref: version, what: 'a shadow' })),
  ];
}

function requireVersion(version: number, existing: readonly number[] | undefined, what: string): void {
  if (existing === undefined || existing.includes(version)) return;
  const have = existing.length > 0 ? existing.slice(-20).join(', ') : 'none';
  throw new InvalidPolicyError(`${what} names version ${version}, which is not there (there are: ${have})`);
}
