import { Module } from '@nestjs/common';
import type { Config } from '../config';
import { Connections } from '../http/connections';
import { ModelRegistryModule } from '../libraries/model-registry.module';
import { CONFIG } from '../settings';
import { BodyAdmission } from './body-admission';
import { BodyBudget } from './body-budget';
import { largestBody } from './largest-body';
import { limitsOf, type Limits } from './limits';
import { LIMITS, Overload } from './overload';
import { RequestLimit } from './request-limit';
import { Shed } from './shed';

/** What keeps the server from taking on more than it can hold. */
@Module({
  imports: [ModelRegistryModule],
  providers: [
    { provide: LIMITS, inject: [CONFIG], useFactory: (config: Config) => limitsOf(config) },
    { provide: Connections, inject: [LIMITS], useFactory: ({ connections }: Limits) => new Connections(connections) },
    {
      provide: BodyBudget,
      inject: [LIMITS, CONFIG],
      useFactory: ({ bodyBytes }: Limits, config: Config) => new BodyBudget(bodyBytes, config.BODY_TIMEOUT_MS),
    },
    {
      provide: BodyAdmission,
      inject: [BodyBudget, Shed, CONFIG],
      useFactory: (budget: BodyBudget, shed: Shed, config: Config) =>
        new BodyAdmission(budget, shed, largestBody(config)),
    },
    Overload,
    RequestLimit,
    Shed,
  ],
  exports: [Connections, BodyBudget, BodyAdmission, Overload, RequestLimit, Shed, LIMITS],
})
export class OverloadModule {}
