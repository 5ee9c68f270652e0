import { Module } from '@nestjs/common';
import { TrafficEventsModule } from '#routing/nest';
import { MetricsModule } from '../metrics/metrics.module';
import { LoggingTrafficObserver } from '../metrics/traffic-observer';

/** What happened to the traffic of each model, logged and counted. */
@Module({
  imports: [
    TrafficEventsModule.registerAsync({
      imports: [MetricsModule],
      inject: [LoggingTrafficObserver],
      useFactory: ({ onEvent }: LoggingTrafficObserver) => ({ onEvent }),
    }),
  ],
  exports: [TrafficEventsModule],
})
export class ModelEventsModule {}
