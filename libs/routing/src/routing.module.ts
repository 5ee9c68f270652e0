import {
  ConfigurableModuleBuilder,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { observe } from '#core';
import { ModelRegistry } from '#registry';
import { CanaryGuard } from './canary-guard';
import { ShadowTraffic, type ShadowOutcome } from './shadow-traffic';
import { TrafficEvents } from './traffic-events';

export interface RoutingOptions {
  /** Is told what became of each request to a shadow, for metrics. */
  onShadow?: (model: string, version: number, outcome: ShadowOutcome) => void;
}

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<RoutingOptions>().build();

/** Lets the canary guard watch for as long as the application runs. */
@Injectable()
class CanaryGuardLifecycle implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(private readonly guard: CanaryGuard) {}

  onApplicationBootstrap(): void {
    this.guard.start();
  }

  onApplicationShutdown(): void {
    this.guard.stop();
  }
}

/** Gives whoever imports it shadows and guard. The imports that it is registered with must give a ModelRegistry and TrafficEvents. */
@Module({
  providers: [
    {
      provide: ShadowTraffic,
      inject: [ModelRegistry, MODULE_OPTIONS_TOKEN],
      useFactory: (registry: ModelRegistry, { onShadow }: RoutingOptions) =>
        new ShadowTraffic(registry, (...outcome) => observe('traffic.onShadow', () => onShadow?.(...outcome))),
    },
    {
      provide: CanaryGuard,
      inject: [ModelRegistry, ShadowTraffic, TrafficEvents],
      useFactory: (registry: ModelRegistry, shadows: ShadowTraffic, events: TrafficEvents) =>
        new CanaryGuard(registry, shadows, events),
    },
    CanaryGuardLifecycle,
  ],
  exports: [ShadowTraffic, CanaryGuard],
})
export class RoutingModule extends ConfigurableModuleClass {}
