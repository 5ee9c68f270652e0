import { Type } from 'class-transformer';
import {
  Equals,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsPositive,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  NotContains,
  ValidateNested,
} from 'class-validator';
import type { Task } from '#core';
import { availableCpus } from '#inference';
import { TASKS } from '#tasks';
import { check, FILE_NAME, FILE_NAME_RULE, inOneLine } from '#validation';
import { InvalidVersionError } from './invalid-version';

export { InvalidVersionError };

export const MODEL_NAME = /^[a-z0-9][a-z0-9._-]{0,99}$/;

class Artifact {
  @Matches(FILE_NAME, FILE_NAME_RULE)
  @NotContains('..')
  file!: string;

  @Matches(/^[0-9a-f]{64}$/, { message: 'must be 64 lower-case hex digits' })
  sha256!: string;

  @IsInt()
  @IsPositive()
  bytes!: number;
}

class Runtime {
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(256)
  workers?: number;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(256)
  threads?: number;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1024)
  maxBatch?: number;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(100_000)
  maxQueue?: number;

  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(10_000)
  maxDelayMs?: number;
}

class Evaluation {
  @IsString()
  dataset!: string;

  @IsOptional()
  @IsInt()
  @Min(1)
  images?: number;

  /** Of a table. */
  @IsOptional()
  @IsInt()
  @Min(1)
  rows?: number;

  /** Share of images, or rows, whose best class is the right one, 0..1. */
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(1)
  top1?: number;

  /** Of a regression: coefficient of determination. */
  @IsOptional()
  @IsNumber()
  @Max(1)
  r2?: number;

  /** Of a regression: mean absolute error, in the unit of its values. */
  @IsOptional()
  @IsNumber()
  @Min(0)
  mae?: number;

  /** Of a regression: root of the mean squared error, in the same. */
  @IsOptional()
  @IsNumber()
  @Min(0)
  rmse?: number;

  @IsOptional()
  @IsString()
  command?: string;
}

/** What `model.json` says of every version, whatever its task. */
export class CommonFields {
  @Equals(1, { message: 'must be 1, the only manifest format there is' })
  schema!: 1;

  @Matches(MODEL_NAME, { message: 'must be lower-case letters, digits, ".", "_" and "-", at most 100' })
  name!: string;

  @IsInt()
  @Min(1)
  version!: number;

  @IsOptional()
  @IsString()
  @MaxLength(2000)
  description?: string;

  @IsOptional()
  @IsString()
  license?: string;

  @IsIn([...TASKS.keys()])
  task!: string;

  @IsObject()
  @ValidateNested()
  @Type(() => Artifact)
  artifact!: Artifact;

  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => Evaluation)
  evaluation?: Evaluation;

  /** Where the version comes from; free-form, for people. */
  @IsOptional()
  @IsObject()
  provenance?: Record<string, unknown>;

  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => Runtime)
  runtime?: Runtime;
}

/** `model.json`: all that is known of a version, with the fields that its task has beside the common ones. */
export type Manifest = CommonFields & Readonly<Record<string, unknown>>;

/** @throws InvalidVersionError naming every field that is wrong */
export function parseManifest(json: string, expected: { name: string; version: number }): Manifest {
  let plain: unknown;
  try {
    plain = JSON.parse(json);
  } catch (error) {
    throw new InvalidVersionError(`model.json is not valid JSON: ${(error as Error).message}`);
  }
  const { common, own, task } = divideFields(plain);
  const checked = check(CommonFields, common);
  const problems = [...(checked.ok ? [] : checked.problems), ...(task?.check(own) ?? [])];
  if (!checked.ok || problems.length > 0) throw new InvalidVersionError(`model.json: ${inOneLine(problems)}`);
  const { name, version } = checked.value;
  if (name !== expected.name || version !== expected.version) {
    throw new InvalidVersionError(
      `model.json says ${name} version ${version} but lies in ${expected.name}/${expected.version}`,
    );
  }
  return { ...checked.value, ...own };
}

/** Fields that belong to the manifest's task, and all others; with an unknown task, all are taken for common ones. */
function divideFields(plain: unknown): { common: unknown; own: Record<string, unknown>; task?: Task } {
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) return { common: plain, own: {} };
  const fields = Object.entries(plain as Record<string, unknown>);
  const task = TASKS.get(String((plain as { task?: unknown }).task));
  const isOwn = (field: string): boolean => task?.fields.includes(field) ?? false;
  return {
    common: Object.fromEntries(fields.filter(([field]) => !isOwn(field))),
    own: Object.fromEntries(fields.filter(([field]) => isOwn(field))),
    task,
  };
}

/**
 * `runtime.json`, beside the manifest: how the version is run, in place of what the manifest says of it.
 * @throws InvalidVersionError naming every field that is wrong
 */
export function parseRuntime(json: string): Runtime {
  let plain: unknown;
  try {
    plain = JSON.parse(json);
  } catch (error) {
    throw new InvalidVersionError(`runtime.json is not valid JSON: ${(error as Error).message}`);
  }
  const checked = check(Runtime, plain);
  if (!checked.ok) throw new InvalidVersionError(`runtime.json: ${inOneLine(checked.problems)}`);
  return checked.value;
}

/** The task that a manifest names. */
export function taskOf({ task }: Manifest): Task {
  const found = TASKS.get(task);
  if (!found) throw new InvalidVersionError(`model.json: there is no task "${task}"`);
  return found;
}

/** Of each worker, where the manifest says nothing of workers or threads. */
const DEFAULT_THREADS = 2;

/**
 * The manifest's runtime, with what it leaves open filled in, and cut down to the CPUs that there are: more threads than
 * that would only take turns. Without a word on workers and threads, the CPUs are divided among workers of two threads:
 * compared with one thread each that is two thirds of the latency where little is asked, three fifths of the memory, and a
 * tenth less throughput where all is (docs/PERFORMANCE.md). With threads alone, as many workers as there is room for.
 */
export function runtimeOf({ runtime = {} }: Pick<Manifest, 'runtime'>, cpus = availableCpus()): Required<Runtime> {
  const asked = { ...divide(runtime, cpus), maxBatch: 8, maxQueue: 256, maxDelayMs: 0, ...runtime };
  const threads = Math.min(asked.threads, cpus);
  return { ...asked, threads, workers: Math.min(asked.workers, Math.floor(cpus / threads)) };
}

function divide({ workers, threads }: Runtime, cpus: number): { workers: number; threads: number } {
  if (workers !== undefined || threads !== undefined) return { workers: cpus, threads: 1 };
  const pairs = Math.max(1, Math.floor(cpus / DEFAULT_THREADS));
  return { workers: pairs, threads: Math.floor(cpus / pairs) };
}
