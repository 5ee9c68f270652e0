import { Module } from '@nestjs/common';
import { RoutingModule } from '#routing/nest';
import { MetricsModule } from '../metrics/metrics.module';
import { LoggingTrafficObserver } from '../metrics/traffic-observer';
import { ModelEventsModule } from './model-events.module';
import { ModelRegistryModule } from './model-registry.module';

/** Shadows and guard of the models, counted. */
@Module({
  imports: [
    RoutingModule.registerAsync({
      imports: [ModelRegistryModule, ModelEventsModule, MetricsModule],
      inject: [LoggingTrafficObserver],
      useFactory: ({ onShadow }: LoggingTrafficObserver) => ({ onShadow }),
    }),
  ],
  exports: [RoutingModule],
})
export class ModelRoutingModule {}
