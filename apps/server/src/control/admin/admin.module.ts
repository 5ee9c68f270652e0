import { Inject, Module, type MiddlewareConsumer, type NestModule } from '@nestjs/common';
import type { Config } from '../../config';
import { ModelRegistryModule } from '../../libraries/model-registry.module';
import { CONFIG } from '../../settings';
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
  constructor(@Inject(CONFIG) private readonly config: Config) {}

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(readJsonBody(this.config)).forRoutes(AdminController, TrafficChangesController);
  }
}
