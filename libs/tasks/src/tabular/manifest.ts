import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  Min,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import type { FieldError } from '#core';
import { check } from '#validation';
import type { Activation } from '../image-classification/spec';
import { FEATURE_TYPES, MAX_FEATURES, type FeatureType, type FeatureValue } from './feature';

const MAX_CLASSES = 10_000;
const MAX_VALUES = 10_000;
const MAX_TEXT = 500;

const ONE_LINE = /^[^\p{Cc}]+$/u;
const ONE_LINE_RULE = { message: 'must be a text of one line that is not empty' };
const EACH_ONE_LINE = { each: true, message: 'must be texts of one line that are not empty' };

function IsFeatureValue(): PropertyDecorator {
  return ValidateBy({
    name: 'isFeatureValue',
    validator: {
      validate: (value: unknown) => ['string', 'boolean'].includes(typeof value) || Number.isFinite(value),
      defaultMessage: () => 'must be a number, a text, true or false',
    },
  });
}

class Feature {
  @IsString()
  @MaxLength(MAX_TEXT)
  @Matches(ONE_LINE, ONE_LINE_RULE)
  name!: string;

  @IsIn([...FEATURE_TYPES])
  type!: FeatureType;

  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_VALUES)
  @ArrayUnique()
  @IsString({ each: true })
  values?: string[];

  @IsOptional()
  @IsBoolean()
  required?: boolean;

  @IsOptional()
  @IsFeatureValue()
  default?: FeatureValue;

  @IsOptional()
  @IsString()
  @MaxLength(MAX_TEXT)
  input?: string;
}

class Columns {
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_FEATURES)
  @ValidateNested({ each: true })
  @Type(() => Feature)
  features!: Feature[];

  /** What is predicted, for people; also the column of a labelled CSV that has the right answers. */
  @IsOptional()
  @IsString()
  @MaxLength(MAX_TEXT)
  @Matches(ONE_LINE, ONE_LINE_RULE)
  target?: string;
}

class Scores {
  @IsString()
  @MaxLength(MAX_TEXT)
  name!: string;

  @IsIn(['softmax', 'sigmoid', 'none'])
  activation!: Activation;
}

class Value {
  @IsString()
  @MaxLength(MAX_TEXT)
  name!: string;

  @IsOptional()
  @IsNumber()
  @Min(0)
  tolerance?: number;
}

/** What model.json says of a classifier of rows, beside what it says of every version. */
export class TabularClassificationFields extends Columns {
  @IsObject()
  @ValidateNested()
  @Type(() => Scores)
  output!: Scores;

  /** In the order of the scores. */
  @IsArray()
  @ArrayMinSize(2)
  @ArrayMaxSize(MAX_CLASSES)
  @IsString({ each: true })
  @MaxLength(MAX_TEXT, { each: true })
  @Matches(ONE_LINE, EACH_ONE_LINE)
  labels!: string[];
}

/** The same of a regression. */
export class TabularRegressionFields extends Columns {
  @IsObject()
  @ValidateNested()
  @Type(() => Value)
  output!: Value;

  /** Of the value, for people. */
  @IsOptional()
  @IsString()
  @MaxLength(MAX_TEXT)
  @Matches(ONE_LINE, ONE_LINE_RULE)
  unit?: string;
}

/** Names of these fields. */
export const CLASSIFICATION_FIELDS = ['features', 'target', 'output', 'labels'] as const;
export const REGRESSION_FIELDS = ['features', 'target', 'output', 'unit'] as const;

/** @returns what is wrong with the fields, among them what no decorator can say of one alone */
export function checkClassification(plain: Readonly<Record<string, unknown>>): readonly FieldError[] {
  const checked = check(TabularClassificationFields, plain);
  return checked.ok ? featureProblems(checked.value.features) : checked.problems;
}

export function checkRegression(plain: Readonly<Record<string, unknown>>): readonly FieldError[] {
  const checked = check(TabularRegressionFields, plain);
  return checked.ok ? featureProblems(checked.value.features) : checked.problems;
}

function featureProblems(features: readonly Feature[]): FieldError[] {
  const problems: FieldError[] = [];
  const seen = new Set<string>();
  features.forEach((feature, i) => {
    const wrong = (field: string, detail: string): unknown =>
      problems.push({ field: `features[${i}].${field}`, detail });
    if (seen.has(feature.name)) wrong('name', `is that of another feature: "${feature.name}"`);
    seen.add(feature.name);
    if (feature.values && feature.type !== 'category') wrong('values', 'is for type "category" alone');
    const detail = defaultProblem(feature);
    if (detail) wrong('default', detail);
  });
  return problems;
}

function defaultProblem({ type, values, default: given }: Feature): string | undefined {
  if (given === undefined) return undefined;
  const wanted = type === 'category' ? 'string' : type;
  if (typeof given !== wanted) return `must be a ${type === 'category' ? 'text' : type}, as the feature is`;
  return values && !values.includes(given as string) ? 'must be one of "values"' : undefined;
}
