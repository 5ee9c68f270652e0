import { Global, Module } from '@nestjs/common';
import { CACHE_OBSERVER } from '#cache';
import { harmless } from '#core';
import { REGISTRY_OBSERVER } from '#registry';
import { TRAFFIC_OBSERVER } from '#routing';
import { LoggingCacheObserver } from './cache-observer';
import { HttpMetrics } from './http.metrics';
import { METRICS } from './metrics';
import { ObserverFailures } from './observer-failures';
import { PredictionMetrics } from './prediction.metrics';
import { LoggingRegistryObserver } from './registry-observer';
import { LoggingTrafficObserver } from './traffic-observer';

/** What is counted. Global, since the registry reports to it and every room counts. */
@Global()
@Module({
  providers: [
    ...METRICS,
    HttpMetrics,
    ObserverFailures,
    PredictionMetrics,
    { provide: REGISTRY_OBSERVER, useClass: LoggingRegistryObserver },
    { provide: TRAFFIC_OBSERVER, useClass: LoggingTrafficObserver },
    LoggingCacheObserver,
    {
      provide: CACHE_OBSERVER,
      inject: [LoggingCacheObserver],
      useFactory: (observer: LoggingCacheObserver) => harmless('cache', observer),
    },
  ],
  exports: [...METRICS, HttpMetrics, PredictionMetrics, REGISTRY_OBSERVER, TRAFFIC_OBSERVER, CACHE_OBSERVER],
})
export class MetricsModule {}
