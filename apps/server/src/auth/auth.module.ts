import { Module } from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import type { Config } from '../config';
import { CONFIG } from '../settings';
import { ApiKeyGuard } from './api-key.guard';
import { ApiKeys } from './api-keys';

@Module({
  providers: [
    {
      provide: APP_GUARD,
      inject: [Reflector, CONFIG],
      useFactory: (reflector: Reflector, config: Config) =>
        new ApiKeyGuard(reflector, new ApiKeys(config.ADMIN_API_KEYS, config.PREDICT_API_KEYS), {
          predict: config.PREDICT_AUTH,
        }),
    },
  ],
})
export class AuthModule {}
