import { Module } from '@nestjs/common';
import { ModelEventsModule } from './model-events.module';
import { MetricsModule } from '../metrics/metrics.module';
import { LoggingRegistryObserver } from '../metrics/registry-observer';

/** Who is told what becomes of the models. Not in MetricsModule: it tells the events of a model, which are counted there. */
@Module({
  imports: [MetricsModule, ModelEventsModule],
  providers: [LoggingRegistryObserver],
  exports: [LoggingRegistryObserver],
})
export class RegistryObserverModule {}
