import { Module } from '@nestjs/common';
import { AuthModule } from '../../auth/auth.module';
import type { Config } from '../../config';
import { CONFIG } from '../../settings';
import { EarlyRefusal } from '../../serving/early-refusal';
import { PredictController } from './predict.controller';
import { PredictionCache } from '../../serving/prediction-cache';
import { PredictionOutcomes } from '../../serving/prediction-outcomes';
import { PredictionReport } from './prediction-report';
import { PredictionService } from '../../serving/prediction.service';
import { ImageReceiver } from '../../inputs/receive-images';

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
