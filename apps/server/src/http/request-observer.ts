import type { Ending } from './exchange';
import type { RequestContext } from './request-context';

/** Is told of every request when it is over, answered or not. */
export interface RequestObserver {
  closed(context: RequestContext, ending: Ending): void;
}

/** Before the others, so that nothing is missing from a trace that somebody looks up by a line of the log. */
export class EndOfTrace implements RequestObserver {
  closed({ trace, route, logged }: RequestContext, ending: Ending): void {
    trace?.end(ending, route, logged.code);
  }
}
