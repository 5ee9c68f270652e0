import { Injectable, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { observe } from '#core';
import { ModelRegistry } from '#registry';
import { CanaryGuard } from './canary-guard';
import { ShadowTraffic, type ShadowOutcome } from './shadow-traffic';
import { TrafficEvents, type TrafficEvent } from './traffic-events';

/** Is told what happens to the traffic, for logs and metrics. */
export interface TrafficObserver {
  onEvent?: (event: TrafficEvent) => void;
  onShadow?: (model: string, version: number, outcome: ShadowOutcome) => void;
}

/** Where a TrafficObserver may be provided, globally. */
export const TRAFFIC_OBSERVER = Symbol('TRAFFIC_OBSERVER');

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

const OBSERVER = { token: TRAFFIC_OBSERVER, optional: true };

/** Gives the rest of a Nest application shadows, guard and events; a global ModelRegistry must be there. */
@Module({
  providers: [
    {
      provide: TrafficEvents,
      inject: [OBSERVER],
      useFactory: (observer?: TrafficObserver) => new TrafficEvents((event) => observer?.onEvent?.(event)),
    },
    {
      provide: ShadowTraffic,
      inject: [ModelRegistry, OBSERVER],
      useFactory: (registry: ModelRegistry, observer?: TrafficObserver) =>
        new ShadowTraffic(registry, (...outcome) =>
          observe('traffic.onShadow', () => observer?.onShadow?.(...outcome)),
        ),
    },
    {
      provide: CanaryGuard,
      inject: [ModelRegistry, ShadowTraffic, TrafficEvents],
      useFactory: (registry: ModelRegistry, shadows: ShadowTraffic, events: TrafficEvents) =>
        new CanaryGuard(registry, shadows, events),
    },
    CanaryGuardLifecycle,
  ],
  exports: [TrafficEvents, ShadowTraffic, CanaryGuard],
})
export class RoutingModule {}
