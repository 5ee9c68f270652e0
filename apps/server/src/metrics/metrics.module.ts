import { Global, Module } from '@nestjs/common';
import { CACHE_OBSERVER } from '#cache';
import { REGISTRY_OBSERVER } from '#registry';
import { TRAFFIC_OBSERVER } from '#routing';
import { LoggingCacheObserver } from './cache-observer';
import { HttpMetrics } from './http.metrics';
import { METRICS } from './metrics';
import { PredictionMetrics } from './prediction.metrics';
import { LoggingRegistryObserver } from './registry-observer';
import { LoggingTrafficObserver } from './traffic-observer';

/** What is counted. Global, since the registry reports to it and every room counts. */
@Global()
@Module({
  providers: [
    ...METRICS,
    HttpMetrics,
    PredictionMetrics,
    { provide: REGISTRY_OBSERVER, useClass: LoggingRegistryObserver },
    { provide: TRAFFIC_OBSERVER, useClass: LoggingTrafficObserver },
    { provide: CACHE_OBSERVER, useClass: LoggingCacheObserver },
  ],
  exports: [...METRICS, HttpMetrics, PredictionMetrics, REGISTRY_OBSERVER, TRAFFIC_OBSERVER, CACHE_OBSERVER],
})
export class MetricsModule {}
