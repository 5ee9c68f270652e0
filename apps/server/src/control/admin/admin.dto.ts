import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsDefined, IsInt, IsOptional, Matches, Min } from 'class-validator';
import { ALIAS, type VersionRef } from '#registry';
import { ModelPath } from '../../http/model-ref.dto';

export class AliasPath extends ModelPath {
  @ApiProperty({ description: 'The alias', pattern: ALIAS.source, example: 'champion' })
  @Matches(ALIAS, { message: 'must start with a lower-case letter; then lower-case letters, digits, "_" and "-"' })
  alias!: string;
}

export class AliasBody {
  @ApiProperty({
    description: 'Number of the version that the alias is to name',
    type: 'integer',
    minimum: 1,
    example: 3,
  })
  @IsInt()
  @Min(1)
  version!: number;
}

export class DefaultBody {
  @ApiProperty({
    description: 'A number or an alias; where the default goes by an alias, a number moves that alias',
    oneOf: [
      { type: 'integer', minimum: 1 },
      { type: 'string', pattern: ALIAS.source },
    ],
    example: 4,
  })
  @IsDefined({ message: 'must be the number of a version, or an alias' })
  version!: VersionRef;
}

export class RollbackQuery {
  @ApiPropertyOptional({
    description: 'The revision to bring back; without it the latest before this one that has no guard',
    pattern: '^\\d{1,9}$',
    example: '7',
  })
  @IsOptional()
  @Matches(/^\d{1,9}$/, { message: 'must be a revision, such as 7' })
  revision?: string;
}
