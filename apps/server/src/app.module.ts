import { Module, type DynamicModule } from '@nestjs/common';
import type { Logger } from 'pino';
import { AnswerCacheModule, type AnswerCacheOptions } from '#cache';
import { InferenceModule } from '#inference';
import { RegistryModule } from '#registry';
import { RoutingModule } from '#routing';
import { WORKER_ENTRY } from '#tasks';
import { AdminModule } from './control/admin/admin.module';
import { AuthModule } from './auth/auth.module';
import type { Config } from './config';
import { HealthModule } from './health/health.module';
import { Connections } from './http/connections';
import { MetricsEndpointModule } from './metrics/metrics-endpoint.module';
import { MetricsModule } from './metrics/metrics.module';
import { ModelsModule } from './control/models/models.module';
import { PredictModule } from './dialects/eyrie/predict.module';
import { SettingsModule } from './settings';
import { TrafficModule } from './control/traffic/traffic.module';

@Module({})
export class AppModule {
  static register(config: Config, logger: Logger): DynamicModule {
    const inference = InferenceModule.register({
      workerEntry: WORKER_ENTRY,
      maxPixels: config.MAX_IMAGE_PIXELS,
      device: config.MODEL_DEVICE,
    });
    const registry = RegistryModule.register(
      config.MODEL_REGISTRY,
      {
        load: config.LOAD,
        onDemand: config.LOAD_ON_DEMAND,
        memoryBytes: config.LOAD_MEMORY_BYTES,
        unloadGraceMs: config.REQUEST_TIMEOUT_MS,
        defaultModel: config.MODEL_NAME,
      },
      inference,
    );
    return {
      module: AppModule,
      imports: [
        SettingsModule.register(config, logger),
        MetricsModule,
        { ...registry, global: true },
        { module: RoutingModule, global: true },
        { ...AnswerCacheModule.register(cacheOptions(config)), global: true },
        AuthModule,
        PredictModule,
        ModelsModule,
        TrafficModule,
        AdminModule,
        HealthModule,
        MetricsEndpointModule,
      ],
      providers: [Connections],
    };
  }
}

function cacheOptions(config: Config): AnswerCacheOptions {
  return {
    maxBytes: config.CACHE_MAX_BYTES,
    ttlSeconds: config.CACHE_TTL_SECONDS,
    redisUrl: config.REDIS_URL,
    redisTimeoutMs: config.REDIS_TIMEOUT_MS,
  };
}
