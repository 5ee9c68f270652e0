import { Global, Module } from '@nestjs/common';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { CanaryMetrics } from './canary.metrics';
import { LiveMetrics } from './live.metrics';
import { MetricsController } from './metrics.controller';
import { WorkerUsageMetrics } from './worker-usage.metrics';

/** GET /metrics. Global, because the controller is made inside PrometheusModule and finds LiveMetrics only so. */
@Global()
@Module({
  imports: [PrometheusModule.register({ controller: MetricsController, defaultMetrics: { enabled: true } })],
  providers: [LiveMetrics, CanaryMetrics, WorkerUsageMetrics],
  exports: [LiveMetrics],
})
export class MetricsEndpointModule {}
