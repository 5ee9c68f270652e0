import { ConfigurableModuleBuilder, Inject, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { AnswerCache } from './answer-cache';
import { MemoryStore } from './memory-store';
import type { RedisObserver } from './redis-store';

export interface AnswerCacheOptions {
  /** What this process may keep; 0: nothing. */
  maxBytes: number;
  ttlSeconds: number;
  /** Empty: no Redis. */
  redisUrl: string;
  redisTimeoutMs: number;
  observer?: CacheObserver;
}

/** Is told how Redis is, for logs and metrics. */
export type CacheObserver = RedisObserver;

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<AnswerCacheOptions>().build();

@Injectable()
class CacheClosing implements OnApplicationShutdown {
  constructor(@Inject(AnswerCache) private readonly cache: AnswerCache) {}

  onApplicationShutdown(): void {
    this.cache.close();
  }
}

/** Gives whoever imports it an AnswerCache. Nobody waits for Redis, at the start neither. */
@Module({
  providers: [{ provide: AnswerCache, inject: [MODULE_OPTIONS_TOKEN], useFactory: createCache }, CacheClosing],
  exports: [AnswerCache],
})
export class AnswerCacheModule extends ConfigurableModuleClass {}

async function createCache(options: AnswerCacheOptions): Promise<AnswerCache> {
  const { maxBytes, ttlSeconds, redisUrl, redisTimeoutMs, observer } = options;
  const memory = maxBytes > 0 ? new MemoryStore(maxBytes, ttlSeconds) : undefined;
  if (redisUrl === '') return new AnswerCache({ memory });
  // The client is a tenth of all that a start has to read and compile, for the few who have a Redis.
  const { RedisStore } = await import('./redis-store.js');
  const redis = new RedisStore({ url: redisUrl, timeoutMs: redisTimeoutMs, ttlSeconds }, observer);
  void redis.open();
  return new AnswerCache({ memory, redis });
}
