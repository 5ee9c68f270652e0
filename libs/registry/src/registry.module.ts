import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { PredictorFactory } from '#inference';
import { harmless, type Limit } from '#core';
import { FolderStore } from './stores/folder-store';
import { StorageProcess } from './stores/storage-process';
import { OnDemandLoader } from './serving/on-demand';
import { ModelRegistry } from './serving/model-registry';
import type { RegistryObserver, RegistryOptions } from './serving/registry-options';

export interface RegistryModuleOptions extends RegistryOptions {
  /** Where the models are. */
  folder: string;
  /** After so long the storage counts as hanging, milliseconds. */
  storageTimeout: Limit;
  observer?: RegistryObserver;
}

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<RegistryModuleOptions>().build();

/**
 * Gives whoever imports it the ModelRegistry of a folder. The imports that it is registered with must give a PredictorFactory.
 * Nothing is loaded before the registry's first refresh.
 */
@Module({
  providers: [
    {
      provide: ModelRegistry,
      inject: [PredictorFactory, MODULE_OPTIONS_TOKEN],
      useFactory: async (
        predictors: PredictorFactory,
        { folder, storageTimeout, observer, ...options }: RegistryModuleOptions,
      ) => {
        const { onStorageCall } = observer ? harmless('registry', observer) : {};
        const files = new StorageProcess({ timeout: storageTimeout, onCall: onStorageCall });
        return new ModelRegistry(await FolderStore.open(folder, files), predictors, options, observer);
      },
    },
    {
      provide: OnDemandLoader,
      inject: [ModelRegistry, MODULE_OPTIONS_TOKEN],
      useFactory: (registry: ModelRegistry, { onDemand, memoryBytes, unloadGraceMs }: RegistryModuleOptions) =>
        new OnDemandLoader(registry, { enabled: onDemand ?? false, memoryBytes: memoryBytes ?? 0, unloadGraceMs }),
    },
  ],
  exports: [ModelRegistry, OnDemandLoader],
})
export class RegistryModule extends ConfigurableModuleClass {}
