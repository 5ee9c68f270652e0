import { Inject, Module } from '@nestjs/common';
import { AuthModule } from '../../auth/auth.module';
import type { Config } from '../../config';
import { GrpcModule } from '../../grpc/grpc.module';
import { GrpcServices } from '../../grpc/services';
import { HealthModule } from '../../health/health.module';
import { ModelsHealth } from '../../health/models.health';
import { ErrorForms } from '../../http/error-forms';
import { ModelRegistryModule } from '../../libraries/model-registry.module';
import { MetricsModule } from '../../metrics/metrics.module';
import { Admission } from '../../serving/admission';
import { ServingModule } from '../../serving/serving.module';
import { CONFIG } from '../../settings';
import { errorForm, PREFIX } from './error-form';
import { INFER_ROUTES } from './infer-routes';
import { InferController } from './infer.controller';
import { OpenInference } from './inference';
import { OpenInferenceModels } from './models';
import { OpenInferenceModelsController } from './models.controller';
import { Repository } from './repository';
import { RepositoryController } from './repository.controller';
import { OpenInferenceServerController } from './server.controller';

/** The Open Inference Protocol V2, over REST and gRPC: https://github.com/kserve/open-inference-protocol */
@Module({
  imports: [AuthModule, GrpcModule, HealthModule, MetricsModule, ModelRegistryModule, ServingModule],
  controllers: [OpenInferenceServerController, OpenInferenceModelsController, InferController, RepositoryController],
  providers: [OpenInference, OpenInferenceModels, Repository],
})
export class OpenInferenceModule {
  constructor(
    admission: Admission,
    errorForms: ErrorForms,
    grpc: GrpcServices,
    health: ModelsHealth,
    inference: OpenInference,
    models: OpenInferenceModels,
    repository: Repository,
    @Inject(CONFIG) config: Config,
  ) {
    admission.add(INFER_ROUTES);
    errorForms.add(PREFIX, errorForm);
    grpc.add(async () => {
      const { inferenceService } = await import('./grpc/inference-service.js');
      return inferenceService({ admission, health, inference, models, repository, config });
    });
  }
}
