import { Module } from '@nestjs/common';
import { AuthModule } from '../../auth/auth.module';
import { HealthModule } from '../../health/health.module';
import { ErrorForms } from '../../http/error-forms';
import { ModelRegistryModule } from '../../libraries/model-registry.module';
import { MetricsModule } from '../../metrics/metrics.module';
import { Admission } from '../../serving/admission';
import { ServingModule } from '../../serving/serving.module';
import { errorForm, PREFIX } from './error-form';
import { INFER_ROUTES } from './infer-routes';
import { InferController } from './infer.controller';
import { OpenInferenceModelsController } from './models.controller';
import { RepositoryController } from './repository.controller';
import { OpenInferenceServerController } from './server.controller';

/** The Open Inference Protocol V2 over REST: https://github.com/kserve/open-inference-protocol */
@Module({
  imports: [AuthModule, HealthModule, MetricsModule, ModelRegistryModule, ServingModule],
  controllers: [OpenInferenceServerController, OpenInferenceModelsController, InferController, RepositoryController],
})
export class OpenInferenceModule {
  constructor(admission: Admission, errorForms: ErrorForms) {
    admission.add(INFER_ROUTES);
    errorForms.add(PREFIX, errorForm);
  }
}
