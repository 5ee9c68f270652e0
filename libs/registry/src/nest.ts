// The library's door for a Nest application; whoever is none goes by index.ts, and loads no Nest.
export { RegistryModule, type RegistryModuleOptions } from './registry.module';
