import { Module } from '@nestjs/common';
import { AuthModule } from '../../auth/auth.module';
import type { Config } from '../../config';
import { CONFIG } from '../../settings';
import { EarlyRefusal } from '../../serving/early-refusal';
import { PredictController } from './predict.controller';
import { InferenceCache } from '../../serving/inference-cache';
import { PredictionOutcomes } from '../../serving/prediction-outcomes';
import { PredictionReport } from './prediction-report';
import { PredictionService } from '../../serving/prediction.service';
import { BodyReceiver } from '../../inputs/receive';
import { UrlImages } from '../../inputs/url/url-images';
import { ImageDialect } from './image-dialect';
import { TaskDialects } from './task-dialect';
import { TensorDialect } from './tensor-dialect';

@Module({
  imports: [AuthModule],
  controllers: [PredictController],
  providers: [
    EarlyRefusal,
    PredictionService,
    InferenceCache,
    PredictionOutcomes,
    PredictionReport,
    TaskDialects,
    ImageDialect,
    TensorDialect,
    UrlImages,
    { provide: BodyReceiver, inject: [CONFIG], useFactory: (config: Config) => new BodyReceiver(config) },
  ],
})
export class PredictModule {}
