import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
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
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import type { FieldError } from '#core';
import { check, FILE_NAME, FILE_NAME_RULE } from '#validation';
import {
  type Activation,
  type ChannelOrder,
  CHANNELS,
  type InputType,
  type Layout,
  type ResizeKernel,
  type ResizeMode,
} from './spec';

const MAX_PIXELS = 8192;

/** A number of pixels, or two of them. */
function IsSize(): PropertyDecorator {
  const isPixels = (value: unknown): boolean =>
    Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_PIXELS;
  return ValidateBy({
    name: 'isSize',
    validator: {
      validate: (value: unknown) =>
        isPixels(value) || (Array.isArray(value) && value.length === 2 && value.every(isPixels)),
      defaultMessage: () => `must be a whole number from 1 to ${MAX_PIXELS}, or [width, height]`,
    },
  });
}

class Resize {
  @IsIn(['shorter-side', 'exact', 'pad'])
  mode!: ResizeMode;

  @IsOptional()
  @IsSize()
  size?: number | [number, number];

  @IsIn(['bilinear', 'bicubic', 'nearest', 'lanczos'])
  kernel!: ResizeKernel;

  @IsOptional()
  @IsArray()
  @ArrayMinSize(3)
  @ArrayMaxSize(3)
  @IsInt({ each: true })
  @Min(0, { each: true })
  @Max(255, { each: true })
  color?: [number, number, number];
}

class Quantized {
  @IsNumber()
  @IsPositive()
  scale!: number;

  @IsInt()
  @Min(-128)
  @Max(255)
  zero_point!: number;
}

class Input {
  @IsString()
  @MaxLength(500)
  name!: string;

  @IsIn(['NCHW', 'NHWC'])
  layout!: Layout;

  @IsIn(['float32', 'float16', 'uint8', 'int8'])
  dtype!: InputType;

  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => Quantized)
  quantization?: Quantized;

  @IsInt()
  @Min(1)
  @Max(4096)
  width!: number;

  @IsInt()
  @Min(1)
  @Max(4096)
  height!: number;

  @IsIn(Object.keys(CHANNELS))
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
  @ArrayMinSize(1)
  @ArrayMaxSize(4)
  @IsNumber({}, { each: true })
  mean!: number[];

  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(4)
  @IsNumber({}, { each: true })
  @IsPositive({ each: true })
  std!: number[];
}

class Output {
  @IsString()
  @MaxLength(500)
  name!: string;

  @IsIn(['softmax', 'sigmoid', 'none'])
  activation!: Activation;

  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => Quantized)
  quantization?: Quantized;

  /** Any number of classes may be right, none among them: answers name all whose score is at least `threshold`. */
  @IsOptional()
  @IsBoolean()
  multi_label?: boolean;

  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(1)
  threshold?: number;
}

export class Golden {
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

/** What model.json says of a classifier of images, beside what it says of every version. */
export class ImageClassificationFields {
  @IsObject()
  @ValidateNested()
  @Type(() => Input)
  input!: Input;

  @IsObject()
  @ValidateNested()
  @Type(() => Output)
  output!: Output;

  /** File with one label per line, in the order of the classes, or with the same as JSON. */
  @Matches(FILE_NAME, FILE_NAME_RULE)
  @NotContains('..')
  labels!: string;

  /** Images that the version must recognise before it may serve. */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(100)
  @ValidateNested({ each: true })
  @Type(() => Golden)
  golden?: Golden[];
}

/** Names of these fields. */
export const IMAGE_CLASSIFICATION_FIELDS = ['input', 'output', 'labels', 'golden'] as const;

/** @returns what is wrong with the fields, among them what no decorator can say of one alone */
export function checkFields(plain: Readonly<Record<string, unknown>>): readonly FieldError[] {
  const checked = check(ImageClassificationFields, plain);
  if (!checked.ok) return checked.problems;
  return [...inputProblems(checked.value.input), ...outputProblems(checked.value.output)];
}

function inputProblems(input: Input): FieldError[] {
  const { resize, crop, mean, std, channels, width, height } = input;
  const problems: FieldError[] = [];
  const wrong = (field: string, detail: string): unknown => problems.push({ field: `input.${field}`, detail });
  if (resize.mode === 'shorter-side' && typeof resize.size !== 'number') {
    wrong('resize.size', 'is needed with mode "shorter-side", as one number');
  }
  const [w, h] = typeof resize.size === 'number' ? [resize.size, resize.size] : (resize.size ?? [width, height]);
  if (resize.mode === 'exact' && crop === 'none' && (w !== width || h !== height)) {
    wrong(
      'resize.size',
      `of ${w} x ${h} is another than the input's ${width} x ${height}: crop "center", or leave it out`,
    );
  }
  if (resize.color && resize.mode !== 'pad') wrong('resize.color', 'is for mode "pad" alone');
  for (const [field, values] of [
    ['mean', mean],
    ['std', std],
  ] as const) {
    const wanted = CHANNELS[channels];
    if (values.length !== wanted) wrong(field, `must have ${wanted} numbers, one for each channel of ${channels}`);
  }
  return [...problems, ...quantizationProblems(input)];
}

function quantizationProblems({ dtype, quantization, scale, mean, std }: Input): FieldError[] {
  const problems: FieldError[] = [];
  const wrong = (field: string, detail: string): unknown => problems.push({ field, detail });
  if (dtype === 'int8' && !quantization) wrong('input.quantization', 'is needed with int8: scale and zero_point');
  if (quantization && dtype !== 'uint8' && dtype !== 'int8') wrong('input.quantization', 'is for uint8 and int8 alone');
  if (quantization) problems.push(...rangeProblems('input', dtype, quantization));
  if (dtype === 'uint8' && !quantization && (scale !== 1 || mean.some((m) => m !== 0) || std.some((s) => s !== 1))) {
    problems.push({
      field: 'input',
      detail: 'of uint8 without quantization takes the pixels as they are: scale 1, mean 0, std 1',
    });
  }
  return problems;
}

function rangeProblems(where: string, dtype: InputType, { zero_point }: Quantized): FieldError[] {
  const [least, most] = dtype === 'uint8' ? [0, 255] : [-128, 127];
  if (zero_point >= least && zero_point <= most) return [];
  return [{ field: `${where}.quantization.zero_point`, detail: `must be from ${least} to ${most}, as ${dtype} is` }];
}

function outputProblems({ activation, multi_label, threshold }: Output): FieldError[] {
  const problems: FieldError[] = [];
  if (multi_label && activation === 'softmax') {
    problems.push({
      field: 'output.multi_label',
      detail: 'does not go with softmax, of which one class alone can be right',
    });
  }
  if (threshold !== undefined && !multi_label) {
    problems.push({ field: 'output.threshold', detail: 'is for multi_label alone' });
  }
  return problems;
}
