import type { VersionRef } from '#registry';
import type { Route } from './router';
import type { Sender } from './sender';

/** Whom a client asks. */
export interface Asked {
  /** Without it the default model. */
  readonly model?: string;
  /** Overrides the split. */
  readonly version?: VersionRef;
}

/** The decision, made once per request, who answers it. */
export interface Permit extends Asked {
  /** The client's, or one that was drawn for this request: the variant is chosen by it. */
  readonly routingKey: string;
  readonly sender: Sender;
  readonly route: Route;
}
