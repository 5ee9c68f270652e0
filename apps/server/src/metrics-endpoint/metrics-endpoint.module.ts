import { Module } from '@nestjs/common';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { ModelAnswersModule } from '../libraries/model-answers.module';
import { ModelRegistryModule } from '../libraries/model-registry.module';
import { ModelRoutingModule } from '../libraries/model-routing.module';
import { CanaryMetrics } from './canary.metrics';
import { GoneVersions } from './gone-versions';
import { LiveMetrics } from './live.metrics';
import { MetricsController } from './metrics.controller';
import { MetricsModule } from '../metrics/metrics.module';
import { OverloadModule } from '../overload/overload.module';
import { OverloadMetrics } from './overload.metrics';
import { WorkerUsageMetrics } from './worker-usage.metrics';

/** What is looked up when somebody asks. */
@Module({
  imports: [MetricsModule, ModelRegistryModule, ModelRoutingModule, ModelAnswersModule, OverloadModule],
  providers: [LiveMetrics, CanaryMetrics, OverloadMetrics, WorkerUsageMetrics, GoneVersions],
  exports: [LiveMetrics, GoneVersions],
})
class LiveMetricsModule {}

/** GET /metrics. The library makes the controller inside its own module, which therefore imports what the controller needs. */
@Module({
  imports: [
    {
      ...PrometheusModule.register({ controller: MetricsController, defaultMetrics: { enabled: true } }),
      imports: [LiveMetricsModule],
    },
  ],
})
export class MetricsEndpointModule {}
