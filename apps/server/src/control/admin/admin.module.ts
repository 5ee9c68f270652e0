import { Module, type MiddlewareConsumer, type NestModule } from '@nestjs/common';
import { json } from 'express';
import { ModelRegistryModule } from '../../libraries/model-registry.module';
import { AdminController } from './admin.controller';
import { AuditLog } from './audit-log';

/** A policy of 100 variants is far smaller. */
const BODY_LIMIT = '256kb';

@Module({ imports: [ModelRegistryModule], controllers: [AdminController], providers: [AuditLog] })
export class AdminModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(json({ limit: BODY_LIMIT, inflate: false })).forRoutes(AdminController);
  }
}
