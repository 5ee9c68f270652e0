import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module';
import type { Config } from '../config';
import { CONFIG } from '../settings';
import { EarlyRefusal } from './early-refusal';
import { PredictController } from './predict.controller';
import { PredictionCache } from './prediction-cache';
import { PredictionOutcomes } from './prediction-outcomes';
import { PredictionReport } from './prediction-report';
import { PredictionService } from './prediction.service';
import { ImageReceiver } from './receive-images';

@Module({
  imports: [AuthModule],
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
