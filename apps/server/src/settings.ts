import { Global, Module, type DynamicModule } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Config } from './config';
import type { Tracing } from './tracing/tracing';

export const CONFIG = Symbol('CONFIG');
export const LOGGER = Symbol('LOGGER');
/** Undefined where traces are off. */
export const TRACING = Symbol('TRACING');

/** What is there before the application is. The one global module, as Nest's own ConfigModule mostly is: every room needs it. */
@Global()
@Module({})
export class SettingsModule {
  static register(config: Config, logger: Logger, tracing?: Tracing): DynamicModule {
    return {
      module: SettingsModule,
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: LOGGER, useValue: logger },
        { provide: TRACING, useValue: tracing },
      ],
      exports: [CONFIG, LOGGER, TRACING],
    };
  }
}
