import { Module } from '@nestjs/common';
import { ModelRegistryModule } from '../libraries/model-registry.module';
import { MetricsModule } from '../metrics/metrics.module';
import { StatsController } from './stats.controller';
import { TimeSeries } from './time-series';

/** What happened lately, kept by the server itself. */
@Module({ imports: [ModelRegistryModule, MetricsModule], controllers: [StatsController], providers: [TimeSeries] })
export class StatsModule {}
