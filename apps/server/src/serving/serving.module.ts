import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module';
import type { Config } from '../config';
import { ErrorForms } from '../http/error-forms';
import { Forwarded } from '../http/forwarded';
import { ModelAnswersModule } from '../libraries/model-answers.module';
import { ModelRegistryModule } from '../libraries/model-registry.module';
import { ModelRoutingModule } from '../libraries/model-routing.module';
import { MetricsModule } from '../metrics/metrics.module';
import { OverloadModule } from '../overload/overload.module';
import { CONFIG } from '../settings';
import { Admission } from './admission';
import { InferenceCache } from './inference-cache';
import { Permits } from './permit';
import { PredictionOutcomes } from './prediction-outcomes';
import { PredictionService } from './prediction.service';

/** What every dialect asks: one admission for all of their routes, and one way to an answer. */
@Module({
  imports: [AuthModule, MetricsModule, ModelRegistryModule, ModelRoutingModule, ModelAnswersModule, OverloadModule],
  providers: [
    Admission,
    Permits,
    PredictionService,
    InferenceCache,
    PredictionOutcomes,
    ErrorForms,
    { provide: Forwarded, inject: [CONFIG], useFactory: (config: Config) => new Forwarded(config.TRUST_PROXY_HOPS) },
  ],
  exports: [Admission, PredictionService, ErrorForms, Forwarded],
})
export class ServingModule {}
