import { Injectable, Module, type DynamicModule, type ExecutionContext } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import type { Request } from 'express';

/** Predictions are limited; looking at models, health and metrics is not. */
@Injectable()
class PredictionThrottler extends ThrottlerGuard {
  protected override shouldSkip(context: ExecutionContext): Promise<boolean> {
    return Promise.resolve(context.switchToHttp().getRequest<Request>().method !== 'POST');
  }
}

@Module({})
export class RateLimitModule {
  /** `perMinute` requests from one address; 0 limits nothing. */
  static register(perMinute: number): DynamicModule {
    if (perMinute === 0) return { module: RateLimitModule };
    return {
      module: RateLimitModule,
      imports: [ThrottlerModule.forRoot([{ ttl: 60_000, limit: perMinute }])],
      providers: [{ provide: APP_GUARD, useClass: PredictionThrottler }],
    };
  }
}
