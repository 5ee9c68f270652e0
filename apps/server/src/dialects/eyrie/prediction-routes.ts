import type { PredictionRoutes, ReadAsked } from '../../serving/admission';
import { MODEL_REF, toVersionRef, VERSION_REF } from '../../http/model-ref.dto';

const byQuery: ReadAsked = ({ query }) => asked(query.model, query.version, query.top_k);
const byPath: ReadAsked = ({ parameters: { model, version }, query }) =>
  asked(decoded(model), decoded(version), query.top_k);

export const PREDICTION_ROUTES: PredictionRoutes = {
  '/v1/predict': byQuery,
  '/predict': byQuery,
  '/v1/predict/batch': byQuery,
  '/predict/batch': byQuery,
  '/v1/models/{model}/predict': byPath,
  '/v1/models/{model}/versions/{version}/predict': byPath,
};

export const BATCH_ROUTES = ['/v1/predict/batch', '/predict/batch'];

type Text = string | string[] | undefined;

/** Valid is what the classes of `predict.dto.ts` take, which refuse the rest with a word on what is wrong. */
function asked(model: Text, version: Text, topK: Text): ReturnType<ReadAsked> {
  if (!matches(MODEL_REF, model) || !matches(VERSION_REF, version) || !isWhole(topK)) return undefined;
  return { model, version: version === undefined ? undefined : toVersionRef(version) };
}

function matches(pattern: RegExp, text: Text): text is string | undefined {
  return text === undefined || (typeof text === 'string' && pattern.test(text));
}

function isWhole(text: Text): boolean {
  if (text === undefined) return true;
  return typeof text === 'string' && /^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text)) && Number(text) > 0;
}

/** The text itself where it cannot be decoded, which no reference matches then. */
function decoded(text: string | undefined): string | undefined {
  if (!text?.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
