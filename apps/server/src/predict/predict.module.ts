import { Module } from '@nestjs/common';
import type { Config } from '../config';
import { CONFIG } from '../settings';
import { PredictController } from './predict.controller';
import { PredictionOutcomes } from './prediction-outcomes';
import { PredictionReport } from './prediction-report';
import { PredictionService } from './prediction.service';
import { ImageReceiver } from './receive-images';

@Module({
  controllers: [PredictController],
  providers: [
    PredictionService,
    PredictionOutcomes,
    PredictionReport,
    { provide: ImageReceiver, inject: [CONFIG], useFactory: (config: Config) => new ImageReceiver(config) },
  ],
})
export class PredictModule {}
