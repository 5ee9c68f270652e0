import { Inject, Module, type MiddlewareConsumer, type NestModule } from '@nestjs/common';
import { AuthModule } from '../../auth/auth.module';
import type { Config } from '../../config';
import { ModelRegistryModule } from '../../libraries/model-registry.module';
import { CONFIG } from '../../settings';
import { AdminController } from './admin.controller';
import { readJsonBody } from './json-body';
import { PolicyChanges } from './policy-changes';
import { TrafficChangesController } from './traffic-changes.controller';

@Module({
  imports: [AuthModule, ModelRegistryModule],
  controllers: [AdminController, TrafficChangesController],
  providers: [PolicyChanges],
})
export class AdminModule implements NestModule {
  constructor(@Inject(CONFIG) private readonly config: Config) {}

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(readJsonBody(this.config)).forRoutes(AdminController, TrafficChangesController);
  }
}
