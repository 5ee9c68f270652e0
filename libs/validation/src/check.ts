import 'reflect-metadata';
import { plainToInstance, type ClassConstructor } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';

export interface FieldProblem {
  /** Path of the field, such as `input.resize.mode` or `variants[0].weight`. */
  field: string;
  detail: string;
}

/** Deeper structures than this are refused before anything walks them recursively. */
const MAX_DEPTH = 32;

/**
 * Makes an instance of `type` out of parsed JSON and holds it against the decorators of its fields; keys that the
 * class does not have are problems, too.
 */
export function check<T extends object>(
  type: ClassConstructor<T>,
  plain: unknown,
): { ok: true; value: T } | { ok: false; problems: FieldProblem[] } {
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) {
    return { ok: false, problems: [{ field: '', detail: 'must be an object' }] };
  }
  if (isDeeperThan(plain, MAX_DEPTH)) {
    return { ok: false, problems: [{ field: '', detail: `is nested more than ${MAX_DEPTH} levels deep` }] };
  }
  const value = plainToInstance(type, plain);
  const errors = validateSync(value, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true });
  return errors.length === 0 ? { ok: true, value } : { ok: false, problems: flatten(errors) };
}

/** The problems of a validation, each with the whole path of its field. */
export function flatten(errors: readonly ValidationError[], parent = ''): FieldProblem[] {
  return errors.flatMap((error) => {
    const index = /^\d+$/.test(error.property);
    const field = index ? `${parent}[${error.property}]` : parent ? `${parent}.${error.property}` : error.property;
    const own = Object.entries(error.constraints ?? {}).map(([rule, message]) => ({
      field,
      detail: rule === 'whitelistValidation' ? 'is not known here' : withoutName(message, error.property),
    }));
    return [...own, ...flatten(error.children ?? [], field)];
  });
}

/** Whether objects and arrays are nested deeper than `limit`; not recursive itself, so that depth cannot hurt it. */
export function isDeeperThan(value: unknown, limit: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limit) return true;
    level = level.flatMap((node) =>
      typeof node === 'object' && node !== null ? Object.values(node as Record<string, unknown>) : [],
    );
  }
  return false;
}

/** One line for a person: `width must be a positive integer; mode must be …`. */
export function inOneLine(problems: readonly FieldProblem[]): string {
  return problems.map(({ field, detail }) => `${field} ${detail}`.trim()).join('; ');
}

// class-validator begins its messages with the field's own name, which the path says already.
function withoutName(message: string, name: string): string {
  return message.startsWith(`${name} `) ? message.slice(name.length + 1) : message;
}
