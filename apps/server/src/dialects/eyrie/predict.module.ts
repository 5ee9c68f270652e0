import { Module } from '@nestjs/common';
import { AuthModule } from '../../auth/auth.module';
import type { Config } from '../../config';
import { CONFIG } from '../../settings';
import { Forwarded } from '../../http/forwarded';
import { Admission } from '../../serving/admission';
import { Permits } from '../../serving/permit';
import { PredictController } from './predict.controller';
import { PredictionCache } from '../../serving/prediction-cache';
import { PredictionOutcomes } from '../../serving/prediction-outcomes';
import { PREDICTION_ROUTES } from './prediction-routes';
import { PredictionReport } from './prediction-report';
import { PredictionService } from '../../serving/prediction.service';
import { ImageReceiver } from '../../inputs/receive-images';

@Module({
  imports: [AuthModule],
  controllers: [PredictController],
  providers: [
    Admission,
    Permits,
    PredictionService,
    PredictionCache,
    PredictionOutcomes,
    PredictionReport,
    { provide: Forwarded, inject: [CONFIG], useFactory: (config: Config) => new Forwarded(config.TRUST_PROXY_HOPS) },
    { provide: ImageReceiver, inject: [CONFIG], useFactory: (config: Config) => new ImageReceiver(config) },
  ],
})
export class PredictModule {
  constructor(admission: Admission) {
    admission.add(PREDICTION_ROUTES);
  }
}
