import { Module } from '@nestjs/common';
import { ModelRegistryModule } from '../../libraries/model-registry.module';
import { ModelsController } from './models.controller';

@Module({ imports: [ModelRegistryModule], controllers: [ModelsController] })
export class ModelsModule {}
