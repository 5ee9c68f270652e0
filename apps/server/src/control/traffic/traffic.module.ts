import { Module } from '@nestjs/common';
import { ModelEventsModule } from '../../libraries/model-events.module';
import { ModelRegistryModule } from '../../libraries/model-registry.module';
import { ModelRoutingModule } from '../../libraries/model-routing.module';
import { TrafficController } from './traffic.controller';

@Module({ imports: [ModelRegistryModule, ModelRoutingModule, ModelEventsModule], controllers: [TrafficController] })
export class TrafficModule {}
