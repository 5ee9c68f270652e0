import type { PredictionRoutes, ReadAsked } from '../../serving/admission';
import { askedBy, type AskedText, decoded } from '../../serving/asked-by';

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

/** Valid is what the classes of `predict.dto.ts` take, which refuse the rest with a word on what is wrong. */
function asked(model: AskedText, version: AskedText, topK: AskedText): ReturnType<ReadAsked> {
  return isWhole(topK) ? askedBy(model, version) : undefined;
}

function isWhole(text: AskedText): boolean {
  if (text === undefined) return true;
  return typeof text === 'string' && /^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text)) && Number(text) > 0;
}
