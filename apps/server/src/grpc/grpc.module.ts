import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module';
import { HealthModule } from '../health/health.module';
import { MetricsModule } from '../metrics/metrics.module';
import { OverloadModule } from '../overload/overload.module';
import { ServingModule } from '../serving/serving.module';
import { GrpcServer } from './grpc-server';
import { GrpcServices } from './services';

/** gRPC over HTTP/2, by whichever dialects add services to it. */
@Module({
  imports: [AuthModule, HealthModule, MetricsModule, OverloadModule, ServingModule],
  providers: [GrpcServer, GrpcServices],
  exports: [GrpcServer, GrpcServices],
})
export class GrpcModule {}
