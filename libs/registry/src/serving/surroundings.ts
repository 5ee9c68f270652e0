import type { PredictorFactory } from '#inference';
import type { ModelStore } from '../stores/model-store';
import type { RegistryObserver, RegistryOptions } from './registry-options';

/** What all models of a registry share. */
export interface Surroundings {
  store: ModelStore;
  predictors: PredictorFactory;
  options: RegistryOptions;
  observer: RegistryObserver;
}
