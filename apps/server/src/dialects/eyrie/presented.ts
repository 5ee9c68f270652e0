/** What an answer says in this dialect. */
export interface Presented {
  /** The fields of the body that are the task's; some may be `JsonInPieces`. */
  body: object;
  /** For the request's log line. */
  logged: Record<string, unknown>;
}
