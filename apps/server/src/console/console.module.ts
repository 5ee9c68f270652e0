import { Module } from '@nestjs/common';
import { ModelRegistryModule } from '../libraries/model-registry.module';
import { ConsoleController } from './console.controller';

/** What people see in a browser. */
@Module({ imports: [ModelRegistryModule], controllers: [ConsoleController] })
export class ConsoleModule {}
