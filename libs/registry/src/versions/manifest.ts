import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  Equals,
  IsArray,
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
import {
  availableCpus,
  type ChannelOrder,
  type InputType,
  type Layout,
  type ResizeKernel,
  type ResizeMode,
} from '#inference';
import { check, inOneLine } from '#validation';

export const MODEL_NAME = /^[a-z0-9][a-z0-9._-]{0,99}$/;
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/;
const FILE_NAME_RULE = { message: 'must be a relative path below the version, without ".."' };

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

class Resize {
  @IsIn(['shorter-side', 'exact', 'pad'])
  mode!: ResizeMode;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(8192)
  size?: number;

  @IsIn(['bilinear', 'bicubic', 'nearest', 'lanczos'])
  kernel!: ResizeKernel;
}

class Input {
  @IsString()
  @MaxLength(500)
  name!: string;

  @IsIn(['NCHW', 'NHWC'])
  layout!: Layout;

  @IsIn(['float32', 'float16', 'uint8'])
  dtype!: InputType;

  @IsInt()
  @Min(1)
  @Max(4096)
  width!: number;

  @IsInt()
  @Min(1)
  @Max(4096)
  height!: number;

  @IsIn(['RGB', 'BGR'])
  channels!: ChannelOrder;

  @IsObject()
  @ValidateNested()
  @Type(() => Resize)
  resize!: Resize;

  @IsIn(['center', 'none'])
  crop!: 'center' | 'none';

  @IsNumber()
  scale!: number;

  @IsArray()
  @ArrayMinSize(3)
  @ArrayMaxSize(3)
  @IsNumber({}, { each: true })
  mean!: [number, number, number];

  @IsArray()
  @ArrayMinSize(3)
  @ArrayMaxSize(3)
  @IsNumber({}, { each: true })
  @IsPositive({ each: true })
  std!: [number, number, number];
}

class Output {
  @IsString()
  @MaxLength(500)
  name!: string;

  @IsIn(['softmax', 'none'])
  activation!: 'softmax' | 'none';
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

  @IsInt()
  @Min(1)
  images!: number;

  /** Share of images whose best class is the right one, 0..1. */
  @IsNumber()
  @Min(0)
  @Max(1)
  top1!: number;

  @IsOptional()
  @IsString()
  command?: string;
}

class Golden {
  @Matches(FILE_NAME, FILE_NAME_RULE)
  @NotContains('..')
  image!: string;

  @IsString()
  label!: string;

  @IsNumber()
  @Min(0)
  @Max(1)
  minConfidence!: number;
}

/** `model.json`: all that is known of a version. */
export class Manifest {
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

  @IsIn(['image-classification'])
  task!: 'image-classification';

  @IsObject()
  @ValidateNested()
  @Type(() => Artifact)
  artifact!: Artifact;

  @IsObject()
  @ValidateNested()
  @Type(() => Input)
  input!: Input;

  @IsObject()
  @ValidateNested()
  @Type(() => Output)
  output!: Output;

  @Matches(FILE_NAME, FILE_NAME_RULE)
  @NotContains('..')
  labels!: string;

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

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(100)
  @ValidateNested({ each: true })
  @Type(() => Golden)
  golden?: Golden[];
}

/** A version's files are not what they must be. The message says which and how to mend it. */
export class InvalidVersionError extends Error {}

/** @throws InvalidVersionError naming every field that is wrong */
export function parseManifest(json: string, expected: { name: string; version: number }): Manifest {
  let plain: unknown;
  try {
    plain = JSON.parse(json);
  } catch (error) {
    throw new InvalidVersionError(`model.json is not valid JSON: ${(error as Error).message}`);
  }
  const checked = check(Manifest, plain);
  if (!checked.ok) throw new InvalidVersionError(`model.json: ${inOneLine(checked.problems)}`);
  const manifest = checked.value;
  if (manifest.name !== expected.name || manifest.version !== expected.version) {
    throw new InvalidVersionError(
      `model.json says ${manifest.name} version ${manifest.version} but lies in ${expected.name}/${expected.version}`,
    );
  }
  const { resize, dtype, scale, mean, std } = manifest.input;
  if (resize.mode === 'shorter-side' && resize.size === undefined) {
    throw new InvalidVersionError('model.json: input.resize.size is needed with mode "shorter-side"');
  }
  if (dtype === 'uint8' && (scale !== 1 || mean.some((m) => m !== 0) || std.some((s) => s !== 1))) {
    throw new InvalidVersionError('model.json: a uint8 input takes the pixels as they are: scale 1, mean 0, std 1');
  }
  return manifest;
}

/** Of each worker, where the manifest says nothing of workers or threads. */
const DEFAULT_THREADS = 2;

/**
 * The manifest's runtime, with what it leaves open filled in, and cut down to the CPUs that there are: more threads than
 * that would only take turns. Without a word on workers and threads, the CPUs are divided among workers of two threads:
 * compared with one thread each that is two thirds of the latency where little is asked, three fifths of the memory, and a
 * tenth less throughput where all is (docs/PERFORMANCE.md). With threads alone, as many workers as there is room for.
 */
export function runtimeOf({ runtime = {} }: Manifest, cpus = availableCpus()): Required<Runtime> {
  const asked = { ...divide(runtime, cpus), maxBatch: 8, maxQueue: 256, maxDelayMs: 0, ...runtime };
  const threads = Math.min(asked.threads, cpus);
  return { ...asked, threads, workers: Math.min(asked.workers, Math.floor(cpus / threads)) };
}

function divide({ workers, threads }: Runtime, cpus: number): { workers: number; threads: number } {
  if (workers !== undefined || threads !== undefined) return { workers: cpus, threads: 1 };
  const pairs = Math.max(1, Math.floor(cpus / DEFAULT_THREADS));
  return { workers: pairs, threads: Math.floor(cpus / pairs) };
}
