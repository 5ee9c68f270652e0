import { invalidField } from '#core';
import type { ValueTaker } from '../../inputs/json/takers';

export function booleanField(field: string, then: (value: boolean) => void): ValueTaker {
  const wants = 'must be true or false';
  const literal = (value: boolean | null): void => {
    if (value === null) throw invalidField(field, wants);
    then(value);
  };
  return { field, wants, literal };
}

/** A whole number that a double holds. */
export function wholeField(field: string, least: number, then: (value: number) => void): ValueTaker {
  const wants = `must be a whole number of at least ${least}`;
  const number = (value: number): void => {
    if (!Number.isSafeInteger(value) || value < least) throw invalidField(field, wants);
    then(value);
  };
  return { field, wants, number };
}

/** As programs write what they have not: `null` is as good as nothing. */
export function orNull(taker: ValueTaker): ValueTaker {
  const literal = (value: boolean | null): void => {
    if (value !== null) throw invalidField(taker.field, taker.wants);
  };
  return { ...taker, literal };
}
