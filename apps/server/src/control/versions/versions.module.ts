import { Module } from '@nestjs/common';
import { ModelRegistryModule } from '../../libraries/model-registry.module';
import { AdminModule } from '../admin/admin.module';
import { VersionChanges } from './version-changes';
import { VersionsController } from './versions.controller';

@Module({ imports: [ModelRegistryModule, AdminModule], controllers: [VersionsController], providers: [VersionChanges] })
export class VersionsModule {}
