import { type ArgumentMetadata, ValidationPipe } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { EyrieError } from '#core';
import { flatten, inOneLine } from '#validation';

/** Most requests have no query at all, or that of many others: to look is a tenth of what it costs to validate. */
const MOST_KNOWN = 1_000;
/** Longer ones are one person's own. */
const LONGEST_KEY = 200;

/** Makes of what a request says the class that its handler asks for. @throws EyrieError INVALID_REQUEST that names every wrong field */
export class RequestValidation extends ValidationPipe {
  private readonly known = new Map<unknown, LRUCache<string, object>>();

  constructor() {
    super({
      transform: true,
      whitelist: true,
      forbidNonWhitelisted: true,
      exceptionFactory: (errors) => {
        const problems = flatten(errors);
        return new EyrieError('INVALID_REQUEST', inOneLine(problems), { errors: problems });
      },
    });
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const { type, metatype } = metadata;
    // Of a query or a path, a validated object is nobody's own: the same text gives the same one, which nobody can change.
    if ((type !== 'query' && type !== 'param') || !metatype)
      return super.transform(value, metadata) as Promise<unknown>;
    const key = JSON.stringify(value);
    const known = this.knownOf(metatype);
    const found = known.get(key);
    if (found) return found;
    const made: unknown = await super.transform(value, metadata);
    if (key.length <= LONGEST_KEY && typeof made === 'object' && made !== null) known.set(key, Object.freeze(made));
    return made;
  }

  private knownOf(metatype: unknown): LRUCache<string, object> {
    let known = this.known.get(metatype);
    if (!known) this.known.set(metatype, (known = new LRUCache({ max: MOST_KNOWN })));
    return known;
  }
}
