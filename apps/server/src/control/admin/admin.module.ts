import { Module, type MiddlewareConsumer, type NestModule } from '@nestjs/common';
import { ModelRegistryModule } from '../../libraries/model-registry.module';
import { AdminController } from './admin.controller';
import { AuditLog } from './audit-log';
import { readJsonBody } from './json-body';

@Module({ imports: [ModelRegistryModule], controllers: [AdminController], providers: [AuditLog] })
export class AdminModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(...readJsonBody).forRoutes(AdminController);
  }
}
