import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { PredictorFactory } from './predictor-factory';
import type { InferenceSettings } from './predictor-options';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<InferenceSettings>().build();

/** Gives whoever imports it a PredictorFactory. */
@Module({
  providers: [
    {
      provide: PredictorFactory,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: (settings: InferenceSettings) => new PredictorFactory(settings),
    },
  ],
  exports: [PredictorFactory],
})
export class InferenceModule extends ConfigurableModuleClass {}
