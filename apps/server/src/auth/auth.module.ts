import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { Config } from '../config';
import { CONFIG } from '../settings';
import { ApiAccess } from './api-access';
import { ApiKeyGuard } from './api-key.guard';
import { ApiKeys } from './api-keys';
import { AuditLog } from './audit-log';

@Module({
  providers: [
    {
      provide: ApiAccess,
      inject: [CONFIG],
      useFactory: ({ READ_API_KEYS, PREDICT_API_KEYS, ADMIN_API_KEYS, PREDICT_AUTH }: Config) =>
        new ApiAccess(new ApiKeys({ read: READ_API_KEYS, predict: PREDICT_API_KEYS, admin: ADMIN_API_KEYS }), {
          predict: PREDICT_AUTH,
        }),
    },
    { provide: APP_GUARD, useClass: ApiKeyGuard },
    AuditLog,
  ],
  exports: [ApiAccess, AuditLog],
})
export class AuthModule {}
