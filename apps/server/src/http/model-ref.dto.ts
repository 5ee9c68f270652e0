import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, Matches } from 'class-validator';

/** A version's number, or an alias. */
export const VERSION_REF = /^([1-9]\d{0,8}|[a-z][a-z0-9_-]{0,62})$/;
export const VERSION_REF_RULE = { message: 'must be a version number such as 2, or an alias such as champion' };
export const MODEL_REF = /^[a-z0-9][a-z0-9._-]{0,99}$/;
export const MODEL_REF_RULE = { message: 'must be the name of a model' };

/** `"2"` → 2, `"champion"` stays. */
export function toVersionRef(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text;
}

export class ModelQuery {
  @ApiPropertyOptional({
    description: 'Name of the model; without it the default one',
    pattern: MODEL_REF.source,
  })
  @IsOptional()
  @Matches(MODEL_REF, MODEL_REF_RULE)
  model?: string;

  @ApiPropertyOptional({
    description: 'Version number or alias; overrides the split',
    pattern: VERSION_REF.source,
  })
  @IsOptional()
  @Matches(VERSION_REF, VERSION_REF_RULE)
  version?: string;
}

export class ModelPath {
  @ApiProperty({ description: 'Name of the model', pattern: MODEL_REF.source })
  @Matches(MODEL_REF, MODEL_REF_RULE)
  model!: string;
}

export class VersionPath extends ModelPath {
  @ApiProperty({ description: 'Version number or alias', pattern: VERSION_REF.source })
  @Matches(VERSION_REF, VERSION_REF_RULE)
  version!: string;
}
