import { Inject, Injectable, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
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
}

/** Is told how Redis is, for logs and metrics. */
export type CacheObserver = RedisObserver;

/** Where a CacheObserver may be provided, globally. */
export const CACHE_OBSERVER = Symbol('CACHE_OBSERVER');

@Injectable()
class CacheClosing implements OnApplicationShutdown {
  constructor(@Inject(AnswerCache) private readonly cache: AnswerCache) {}

  onApplicationShutdown(): void {
    this.cache.close();
  }
}

/** Gives the rest of a Nest application an AnswerCache. Nobody waits for Redis, at the start neither. */
@Module({})
export class AnswerCacheModule {
  static register(options: AnswerCacheOptions): DynamicModule {
    return {
      module: AnswerCacheModule,
      providers: [
        {
          provide: AnswerCache,
          inject: [{ token: CACHE_OBSERVER, optional: true }],
          useFactory: (observer?: CacheObserver) => createCache(options, observer),
        },
        CacheClosing,
      ],
      exports: [AnswerCache],
    };
  }
}

async function createCache(options: AnswerCacheOptions, observer?: CacheObserver): Promise<AnswerCache> {
  const { maxBytes, ttlSeconds, redisUrl, redisTimeoutMs } = options;
  const memory = maxBytes > 0 ? new MemoryStore(maxBytes, ttlSeconds) : undefined;
  if (redisUrl === '') return new AnswerCache({ memory });
  // The client is a tenth of all that a start has to read and compile, for the few who have a Redis.
  const { RedisStore } = await import('./redis-store.js');
  const redis = new RedisStore({ url: redisUrl, timeoutMs: redisTimeoutMs, ttlSeconds }, observer);
  void redis.open();
  return new AnswerCache({ memory, redis });
}
