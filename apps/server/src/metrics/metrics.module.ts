import { Module } from '@nestjs/common';
import { LoggingCacheObserver } from './cache-observer';
import { HttpMetrics } from './http.metrics';
import { METRICS } from './metrics';
import { ObserverFailures } from './observer-failures';
import { PredictionMetrics } from './prediction.metrics';
import { LoggingTrafficObserver } from './traffic-observer';
import { VersionStatistics } from './version-statistics';

const COUNTERS = [
  ...METRICS,
  HttpMetrics,
  ObserverFailures,
  PredictionMetrics,
  VersionStatistics,
  LoggingTrafficObserver,
  LoggingCacheObserver,
];

/** What is counted, and who counts it. */
@Module({ providers: COUNTERS, exports: COUNTERS })
export class MetricsModule {}
