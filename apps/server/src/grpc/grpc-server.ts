import { Inject, Injectable } from '@nestjs/common';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:net';
import type { Logger } from 'pino';
import { ApiAccess } from '../auth/api-access';
import { limitOf, type Config } from '../config';
import { ModelsHealth } from '../health/models.health';
import { Connections } from '../http/connections';
import { Forwarded } from '../http/forwarded';
import { EndOfTrace } from '../http/request-observer';
import { requestLog } from '../log/request-log';
import { HttpMetrics } from '../metrics/http.metrics';
import { BodyAdmission } from '../overload/body-admission';
import { Admission } from '../serving/admission';
import { CONFIG, LOGGER, TRACING } from '../settings';
import type { Tracing } from '../tracing/tracing';
import type { Certificates } from './http2-server';
import { type GrpcMethod, GrpcServices } from './services';
import type { GrpcStage } from './stage';

/** Names, shapes and what else is around the tensors of a request. */
const AROUND_TENSORS = 64 * 1024;
/** What is no inference: a name, and a few parameters. */
const SMALL_MESSAGE = { setting: 'bytes of such a message', value: 64 * 1024 };

/** The port of gRPC. What it needs is loaded when it is opened. */
@Injectable()
export class GrpcServer {
  private stage: GrpcStage | undefined;
  private readonly open: Server[] = [];

  constructor(
    private readonly services: GrpcServices,
    private readonly access: ApiAccess,
    private readonly admission: Admission,
    private readonly bodies: BodyAdmission,
    private readonly connections: Connections,
    private readonly forwarded: Forwarded,
    private readonly health: ModelsHealth,
    private readonly metrics: HttpMetrics,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(TRACING) private readonly tracing: Tracing | undefined,
  ) {}

  /** Those that listen. */
  get servers(): readonly Server[] {
    return this.open;
  }

  /** @returns the port @throws Error of the system, where port or files of TLS cannot be had */
  async listen(port = this.config.GRPC_PORT): Promise<number> {
    const { config, connections } = this;
    const [{ GrpcStage }, { listen }, { healthService }, { reflectionService }, spoken] = await Promise.all([
      import('./stage.js'),
      import('./http2-server.js'),
      import('./health-service.js'),
      import('./reflection-service.js'),
      this.services.load(),
    ]);
    const health = healthService(
      this.health,
      spoken.map(({ name }) => name),
    );
    const reflected = [...spoken, health];
    const reflection = (['v1', 'v1alpha'] as const).map((version) => reflectionService(version, reflected));
    const methods = [...reflected, ...reflection].flatMap(({ name, methods: own }) =>
      Object.entries(own).map(([method, each]): [string, GrpcMethod] => [`/${name}/${method}`, each]),
    );
    this.stage = new GrpcStage({
      methods: new Map(methods),
      access: this.access,
      admission: this.admission,
      bodies: this.bodies,
      connections,
      forwarded: this.forwarded,
      observers: [new EndOfTrace(), requestLog(this.logger), this.metrics],
      tracing: this.tracing,
      most: ({ isLarge }) => (isLarge ? this.largest() : SMALL_MESSAGE),
      bodyTime: limitOf(config, 'BODY_TIMEOUT_MS'),
      streams: {
        setting: 'MAX_CONCURRENT_REQUESTS',
        value: config.MAX_CONCURRENT_REQUESTS || Infinity,
      },
      logger: this.logger,
    });
    const listening = await listen(this.stage, connections, {
      host: config.HOST,
      port,
      tls: await this.certificates(),
    });
    this.open.push(listening.server);
    return listening.port;
  }

  /** Calls that would stay end; no call is lost that has been taken on. */
  drain(): void {
    this.stage?.drain();
  }

  private largest() {
    const { setting, value } = limitOf(this.config, 'MAX_REQUEST_BYTES');
    return { setting, value: value + AROUND_TENSORS };
  }

  private async certificates(): Promise<Certificates | undefined> {
    const { GRPC_TLS_CERT_FILE, GRPC_TLS_KEY_FILE, GRPC_TLS_CLIENT_CA_FILE } = this.config;
    if (!GRPC_TLS_CERT_FILE) return undefined;
    const [cert, key, ca] = await Promise.all([
      readFile(GRPC_TLS_CERT_FILE),
      readFile(GRPC_TLS_KEY_FILE),
      GRPC_TLS_CLIENT_CA_FILE ? readFile(GRPC_TLS_CLIENT_CA_FILE) : undefined,
    ]);
    return { cert, key, ca };
  }
}
