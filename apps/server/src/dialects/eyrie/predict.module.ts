import { Module } from '@nestjs/common';
import type { Config } from '../../config';
import { CONFIG } from '../../settings';
import { Admission } from '../../serving/admission';
import { ServingModule } from '../../serving/serving.module';
import { PredictController } from './predict.controller';
import { BATCH_ROUTES, PREDICTION_ROUTES } from './prediction-routes';
import { PredictionReport } from './prediction-report';
import { BodyReceiver } from '../../inputs/receive';
import { UrlImages } from '../../inputs/url/url-images';
import { ImageDialect } from './image-dialect';
import { TaskDialects } from './task-dialect';
import { TensorDialect } from './tensor-dialect';

@Module({
  imports: [ServingModule],
  controllers: [PredictController],
  providers: [
    PredictionReport,
    TaskDialects,
    ImageDialect,
    TensorDialect,
    UrlImages,
    { provide: BodyReceiver, inject: [CONFIG], useFactory: (config: Config) => new BodyReceiver(config) },
  ],
})
export class PredictModule {
  constructor(admission: Admission) {
    admission.add(PREDICTION_ROUTES, BATCH_ROUTES);
  }
}
