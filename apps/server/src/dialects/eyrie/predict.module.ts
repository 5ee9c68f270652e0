import { Module } from '@nestjs/common';
import { AuthModule } from '../../auth/auth.module';
import type { Config } from '../../config';
import { ModelAnswersModule } from '../../libraries/model-answers.module';
import { ModelRegistryModule } from '../../libraries/model-registry.module';
import { ModelRoutingModule } from '../../libraries/model-routing.module';
import { MetricsModule } from '../../metrics/metrics.module';
import { CONFIG } from '../../settings';
import { EarlyRefusal } from '../../serving/early-refusal';
import { PredictController } from './predict.controller';
import { PredictionCache } from '../../serving/prediction-cache';
import { PredictionOutcomes } from '../../serving/prediction-outcomes';
import { PredictionReport } from './prediction-report';
import { PredictionService } from '../../serving/prediction.service';
import { ImageReceiver } from '../../inputs/receive-images';

@Module({
  imports: [AuthModule, MetricsModule, ModelRegistryModule, ModelRoutingModule, ModelAnswersModule],
  controllers: [PredictController],
  providers: [
    EarlyRefusal,
    PredictionService,
    PredictionCache,
    PredictionOutcomes,
    PredictionReport,
    { provide: ImageReceiver, inject: [CONFIG], useFactory: (config: Config) => new ImageReceiver(config) },
  ],
})
export class PredictModule {}
