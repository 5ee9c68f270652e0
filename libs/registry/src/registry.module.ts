import { Module, type DynamicModule } from '@nestjs/common';
import { PredictorFactory } from '#inference';
import { FolderStore } from './stores/folder-store';
import { OnDemandLoader } from './serving/on-demand';
import { ModelRegistry } from './serving/model-registry';
import type { RegistryObserver, RegistryOptions } from './serving/registry-options';

/** Where a RegistryObserver may be provided, globally, to be told what happens. */
export const REGISTRY_OBSERVER = Symbol('REGISTRY_OBSERVER');

/** Gives the rest of a Nest application the ModelRegistry of a folder. Nothing is loaded before its first refresh. */
@Module({})
export class RegistryModule {
  static register(folder: string, options: RegistryOptions, inference: DynamicModule): DynamicModule {
    return {
      module: RegistryModule,
      imports: [inference],
      providers: [
        {
          provide: ModelRegistry,
          inject: [PredictorFactory, { token: REGISTRY_OBSERVER, optional: true }],
          useFactory: async (predictors: PredictorFactory, observer?: RegistryObserver) =>
            new ModelRegistry(await FolderStore.open(folder), predictors, options, observer),
        },
        {
          provide: OnDemandLoader,
          inject: [ModelRegistry],
          useFactory: (registry: ModelRegistry) =>
            new OnDemandLoader(registry, {
              enabled: options.onDemand ?? false,
              memoryBytes: options.memoryBytes ?? 0,
              unloadGraceMs: options.unloadGraceMs,
            }),
        },
      ],
      exports: [ModelRegistry, OnDemandLoader],
    };
  }
}
