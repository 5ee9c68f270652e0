import { Module } from '@nestjs/common';
import { AnswerCacheModule, type AnswerCacheOptions } from '#cache/nest';
import { harmless } from '#core';
import type { Config } from '../config';
import { LoggingCacheObserver } from '../metrics/cache-observer';
import { MetricsModule } from '../metrics/metrics.module';
import { CONFIG } from '../settings';

/** The answers that are kept, in memory and, where REDIS_URL names one, in Redis; how that is, is logged and counted. */
@Module({
  imports: [
    AnswerCacheModule.registerAsync({
      imports: [MetricsModule],
      inject: [CONFIG, LoggingCacheObserver],
      useFactory: (config: Config, observer: LoggingCacheObserver): AnswerCacheOptions => ({
        maxBytes: config.CACHE_MAX_BYTES,
        ttlSeconds: config.CACHE_TTL_SECONDS,
        redisUrl: config.REDIS_URL,
        redisTimeoutMs: config.REDIS_TIMEOUT_MS,
        observer: harmless('cache', observer),
      }),
    }),
  ],
  exports: [AnswerCacheModule],
})
export class ModelAnswersModule {}
