import { Global, Module, type DynamicModule } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Config } from './config';

export const CONFIG = Symbol('CONFIG');
export const LOGGER = Symbol('LOGGER');

/** Gives every room the configuration and the log. */
@Global()
@Module({})
export class SettingsModule {
  static register(config: Config, logger: Logger): DynamicModule {
    return {
      module: SettingsModule,
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: LOGGER, useValue: logger },
      ],
      exports: [CONFIG, LOGGER],
    };
  }
}
