import { EyrieError } from '#core';

/** What is not JSON, wherever it stands: no part of the body can be read any more. */
export class JsonError extends EyrieError {
  /** @param at byte of the body, from 0 */
  constructor(what: string, at: number) {
    super('INVALID_REQUEST', `the body is not valid JSON: ${what} at byte ${at}`);
  }
}
