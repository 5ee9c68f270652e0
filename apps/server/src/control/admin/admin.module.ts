import { Module, type MiddlewareConsumer, type NestModule } from '@nestjs/common';
import { ModelRegistryModule } from '../../libraries/model-registry.module';
import { AdminController } from './admin.controller';
import { AuditLog } from './audit-log';
import { readJsonBody } from './json-body';
import { PolicyChanges } from './policy-changes';
import { TrafficChangesController } from './traffic-changes.controller';

@Module({
  imports: [ModelRegistryModule],
  controllers: [AdminController, TrafficChangesController],
  providers: [AuditLog, PolicyChanges],
  exports: [AuditLog],
})
export class AdminModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(...readJsonBody).forRoutes(AdminController, TrafficChangesController);
  }
}
