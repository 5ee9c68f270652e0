import { askedBy, decoded } from '../../serving/asked-by';
import type { PredictionRoutes, ReadAsked } from '../../serving/admission';

const byPath: ReadAsked = ({ parameters: { model, version } }) => askedBy(decoded(model), decoded(version));

export const INFER_ROUTES: PredictionRoutes = {
  '/v2/models/{model}/infer': byPath,
  '/v2/models/{model}/versions/{version}/infer': byPath,
};
