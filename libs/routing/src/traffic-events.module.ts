import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { TrafficEvents, type TrafficEvent } from './traffic-events';

export interface TrafficEventsOptions {
  /** Is told of each, for logs and metrics. */
  onEvent?: (event: TrafficEvent) => void;
}

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<TrafficEventsOptions>().build();

/** Gives whoever imports it the TrafficEvents. */
@Module({
  providers: [
    {
      provide: TrafficEvents,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: ({ onEvent }: TrafficEventsOptions) => new TrafficEvents((event) => onEvent?.(event)),
    },
  ],
  exports: [TrafficEvents],
})
export class TrafficEventsModule extends ConfigurableModuleClass {}
