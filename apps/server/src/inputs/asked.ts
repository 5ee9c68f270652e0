import { EyrieError, invalidField } from '#core';

/** What a body asks of the answer, beside what it sends. */
export interface Asked {
  topK?: number;
}

export const TOP_K_RULE = 'must be a whole number of at least 1';

/** What many try first, in words that lead on: the route is chosen before the body is read. */
export const ASKED_ELSEWHERE = {
  model: 'is not taken from the body: give it as the query parameter model, or in the path, /v1/models/{model}/predict',
  version:
    'is not taken from the body: give it as the query parameter version, or in the path, /v1/models/{model}/versions/{version}/predict',
};

/** `top_k` as the query parameter has it. @throws EyrieError INVALID_REQUEST */
export function wholeTopK(value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw invalidField('top_k', TOP_K_RULE);
}

/** That of query and body. @throws EyrieError INVALID_REQUEST where they are not the same */
export function oneTopK(query: number | undefined, body: number | undefined): number | undefined {
  if (query === undefined || body === undefined || query === body) return query ?? body;
  throw new EyrieError('INVALID_REQUEST', `top_k is ${query} in the query and ${body} in the body; give it once`, {
    errors: [{ field: 'top_k', detail: 'is given twice, differently' }],
  });
}
