import { Module } from '@nestjs/common';
import { AuthModule } from '../../auth/auth.module';
import type { Config } from '../../config';
import { ModelAnswersModule } from '../../libraries/model-answers.module';
import { ModelRegistryModule } from '../../libraries/model-registry.module';
import { ModelRoutingModule } from '../../libraries/model-routing.module';
import { MetricsModule } from '../../metrics/metrics.module';
import { OverloadModule } from '../../overload/overload.module';
import { CONFIG } from '../../settings';
import { Forwarded } from '../../http/forwarded';
import { Admission } from '../../serving/admission';
import { Permits } from '../../serving/permit';
import { PredictController } from './predict.controller';
import { InferenceCache } from '../../serving/inference-cache';
import { PredictionOutcomes } from '../../serving/prediction-outcomes';
import { BATCH_ROUTES, PREDICTION_ROUTES } from './prediction-routes';
import { PredictionReport } from './prediction-report';
import { PredictionService } from '../../serving/prediction.service';
import { BodyReceiver } from '../../inputs/receive';
import { UrlImages } from '../../inputs/url/url-images';
import { ImageDialect } from './image-dialect';
import { TaskDialects } from './task-dialect';
import { TabularDialect } from './tabular-dialect';
import { TensorDialect } from './tensor-dialect';

@Module({
  imports: [AuthModule, MetricsModule, ModelRegistryModule, ModelRoutingModule, ModelAnswersModule, OverloadModule],
  controllers: [PredictController],
  providers: [
    Admission,
    Permits,
    PredictionService,
    InferenceCache,
    PredictionOutcomes,
    PredictionReport,
    TaskDialects,
    ImageDialect,
    TensorDialect,
    TabularDialect,
    UrlImages,
    { provide: Forwarded, inject: [CONFIG], useFactory: (config: Config) => new Forwarded(config.TRUST_PROXY_HOPS) },
    { provide: BodyReceiver, inject: [CONFIG], useFactory: (config: Config) => new BodyReceiver(config) },
  ],
})
export class PredictModule {
  constructor(admission: Admission) {
    admission.add(PREDICTION_ROUTES, BATCH_ROUTES);
  }
}
