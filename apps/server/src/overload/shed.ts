import { Injectable } from '@nestjs/common';

/** Why requests are refused before anything of them has been looked at. */
export const SHED_REASONS = ['bodies', 'slow_body', 'concurrency', 'connections', 'overload'] as const;

/** How many requests were refused so that others could be answered, by reason. */
@Injectable()
export class Shed {
  readonly counts = Object.fromEntries(SHED_REASONS.map((reason) => [reason, 0])) as Record<
    (typeof SHED_REASONS)[number],
    number
  >;
}
