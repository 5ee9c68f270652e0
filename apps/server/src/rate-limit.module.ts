import { Injectable, Module, type DynamicModule, type ExecutionContext } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerModule, type ThrottlerLimitDetail } from '@nestjs/throttler';
import { EyrieError } from '#core';
import { declaredAccess, isRateLimited } from './auth/route-access';

/** Predictions are limited; looking at models, health and metrics is not. */
@Injectable()
class PredictionThrottler extends ThrottlerGuard {
  protected override shouldSkip(context: ExecutionContext): Promise<boolean> {
    return Promise.resolve(!isRateLimited(declaredAccess(this.reflector, context)));
  }

  /** One count per address, whichever of the routes it uses. */
  protected override generateKey(_: ExecutionContext, address: string, throttler: string): string {
    return `${throttler}:${address}`;
  }

  protected override throwThrottlingException(_: ExecutionContext, detail: ThrottlerLimitDetail): Promise<void> {
    throw new EyrieError('RATE_LIMITED', `more than ${detail.limit} requests a minute from this address; slow down`, {
      retryAfterSeconds: Math.max(1, Math.ceil(detail.timeToBlockExpire)),
    });
  }
}

@Module({})
export class RateLimitModule {
  /** `perMinute` requests from one address; 0 limits nothing. */
  static register(perMinute: number): DynamicModule {
    if (perMinute === 0) return { module: RateLimitModule };
    return {
      module: RateLimitModule,
      // The library's own headers would say a second time, and otherwise, what Retry-After says.
      imports: [ThrottlerModule.forRoot({ throttlers: [{ ttl: 60_000, limit: perMinute }], setHeaders: false })],
      providers: [{ provide: APP_GUARD, useClass: PredictionThrottler }],
    };
  }
}
