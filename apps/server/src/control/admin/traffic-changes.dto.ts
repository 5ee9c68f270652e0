import { ApiPropertyOptional, OmitType, PartialType, PickType } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsBoolean, IsObject, IsOptional, ValidateNested } from 'class-validator';
import { PolicyGuardDto, PolicyShadowDto, PolicyVariantDto } from '../models/policy.dto';

/** What the guard of a canary is to go by; which variant it watches is clear, and what is left out is as usual. */
export class CanaryGuardBody extends PartialType(OmitType(PolicyGuardDto, ['variant'])) {}

export class StartCanaryBody extends PickType(PolicyVariantDto, ['version', 'weight']) {
  @ApiPropertyOptional({
    type: () => CanaryGuardBody,
    description: 'Moves the weight on, or back to 0; {} has the usual rules, and without one only people move it',
  })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => CanaryGuardBody)
  guard?: CanaryGuardBody;
}

export class CanaryWeightBody extends PickType(PolicyVariantDto, ['weight']) {}

export class AbortCanaryBody {
  @ApiPropertyOptional({ description: 'Leave a shadow of its version, which goes with it otherwise', default: false })
  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  keep_shadow?: boolean;
}

export class StartShadowBody extends PickType(PolicyShadowDto, ['version', 'percent']) {}

export class StopShadowBody extends PartialType(PickType(PolicyShadowDto, ['version'])) {}

/** Of these, fields that are not described are refused. */
export const TRAFFIC_BODIES = [
  ...[CanaryGuardBody, StartCanaryBody, CanaryWeightBody, AbortCanaryBody],
  ...[StartShadowBody, StopShadowBody],
];
