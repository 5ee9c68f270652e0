import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
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
import type { FieldError } from '#core';
import { check, FILE_NAME, FILE_NAME_RULE } from '#validation';
import type { ChannelOrder, InputType, Layout, ResizeKernel, ResizeMode } from './spec';

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

  /** File with one label per line, in the order of the classes. */
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
  const { resize, dtype, scale, mean, std } = checked.value.input;
  if (resize.mode === 'shorter-side' && resize.size === undefined) {
    return [{ field: 'input.resize.size', detail: 'is needed with mode "shorter-side"' }];
  }
  if (dtype === 'uint8' && (scale !== 1 || mean.some((m) => m !== 0) || std.some((s) => s !== 1))) {
    return [{ field: 'input', detail: 'of uint8 takes the pixels as they are: scale 1, mean 0, std 1' }];
  }
  return [];
}
