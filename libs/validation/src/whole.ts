import { Transform } from 'class-transformer';
import { ValidateBy } from 'class-validator';

/**
 * A whole number, also as text in decimal digits; Number() alone would take `" "`, `0x10` and `1e3` as well. Says in one
 * sentence what it must be.
 */
export function Whole(least: number, most = Number.MAX_SAFE_INTEGER): PropertyDecorator {
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  const read = Transform(({ value }: { value: unknown }): unknown =>
    typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value,
  );
  const check = ValidateBy({
    name: 'whole',
    constraints: [least, most],
    validator: {
      validate: (value) => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most,
      defaultMessage: () => `must be a whole number ${range}`,
    },
  });
  return (target, key) => [read, check].forEach((decorate) => decorate(target, key));
}
