import { Module, type DynamicModule } from '@nestjs/common';
import type { Logger } from 'pino';
import { AuthModule } from './auth/auth.module';
import type { Config } from './config';
import { ConsoleModule } from './console/console.module';
import { AdminModule } from './control/admin/admin.module';
import { ModelsModule } from './control/models/models.module';
import { TrafficModule } from './control/traffic/traffic.module';
import { VersionsModule } from './control/versions/versions.module';
import { PredictModule } from './dialects/eyrie/predict.module';
import { OpenInferenceModule } from './dialects/open-inference/open-inference.module';
import { GrpcModule } from './grpc/grpc.module';
import { HealthModule } from './health/health.module';
import { ModelRegistryModule } from './libraries/model-registry.module';
import { MetricsEndpointModule } from './metrics-endpoint/metrics-endpoint.module';
import { MetricsModule } from './metrics/metrics.module';
import { OverloadModule } from './overload/overload.module';
import { SettingsModule } from './settings';
import { Shutdown } from './shutdown';
import { StatsModule } from './stats/stats.module';
import { StartUp } from './start-up';
import type { Tracing } from './tracing/tracing';

@Module({})
export class AppModule {
  /** What is known before there is an application is given to it here; everything else its modules import. */
  static register(config: Config, logger: Logger, tracing?: Tracing): DynamicModule {
    return {
      module: AppModule,
      imports: [
        SettingsModule.register(config, logger, tracing),
        AuthModule,
        PredictModule,
        OpenInferenceModule,
        ModelsModule,
        TrafficModule,
        AdminModule,
        VersionsModule,
        ConsoleModule,
        GrpcModule,
        HealthModule,
        MetricsModule,
        MetricsEndpointModule,
        ModelRegistryModule,
        OverloadModule,
        StatsModule,
      ],
      providers: [StartUp, Shutdown],
    };
  }
}
