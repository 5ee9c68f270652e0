import { Module } from '@nestjs/common';
import { AuthModule } from '../../auth/auth.module';
import { ModelRegistryModule } from '../../libraries/model-registry.module';
import { VersionChanges } from './version-changes';
import { VersionsController } from './versions.controller';

@Module({ imports: [ModelRegistryModule, AuthModule], controllers: [VersionsController], providers: [VersionChanges] })
export class VersionsModule {}
