import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { ModelRegistryModule } from '../libraries/model-registry.module';
import { Draining } from './draining';
import { HealthController } from './health.controller';
import { ModelsHealth } from './models.health';

@Module({
  imports: [TerminusModule.forRoot({ logger: false }), ModelRegistryModule],
  controllers: [HealthController],
  providers: [ModelsHealth, Draining],
  exports: [Draining, ModelsHealth],
})
export class HealthModule {}
