import { Module, type DynamicModule } from '@nestjs/common';
import { PredictorFactory } from './predictor-factory';
import type { InferenceSettings } from './predictor';

/** Gives the rest of a Nest application a PredictorFactory. */
@Module({})
export class InferenceModule {
  static register(settings: InferenceSettings): DynamicModule {
    return {
      module: InferenceModule,
      providers: [{ provide: PredictorFactory, useFactory: () => new PredictorFactory(settings) }],
      exports: [PredictorFactory],
    };
  }
}
