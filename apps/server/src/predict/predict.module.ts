import { Module } from '@nestjs/common';
import type { Config } from '../config';
import { CONFIG } from '../settings';
import { PredictController } from './predict.controller';
import { PredictionCache } from './prediction-cache';
import { PredictionOutcomes } from './prediction-outcomes';
import { PredictionReport } from './prediction-report';
import { PredictionService } from './prediction.service';
import { ImageReceiver } from './receive-images';

@Module({
  controllers: [PredictController],
  providers: [
    PredictionService,
    PredictionCache,
    PredictionOutcomes,
    PredictionReport,
    { provide: ImageReceiver, inject: [CONFIG], useFactory: (config: Config) => new ImageReceiver(config) },
  ],
})
export class PredictModule {}
