import { setTimeout as sleep } from 'node:timers/promises';
import { EyrieError } from '#core';
import type { ModelsHealth } from '../health/models.health';
import { FILE } from './health.descriptor';
import { ProtoFile } from './proto-file';
import type { GrpcService } from './services';

const NAME = 'grpc.health.v1.Health';
/** How often a watched status is looked at. */
const LOOK_MS = 1_000;

/**
 * The standard service of health: https://github.com/grpc/grpc/blob/master/doc/health-checking.md.
 * @param names of the services that are spoken beside the server as a whole, which is the empty name
 */
export function healthService(models: ModelsHealth, names: readonly string[]): GrpcService {
  const file = new ProtoFile(FILE, 'grpc.health.v1');
  const known = ['', NAME, ...names];
  const now = () => ({ status: models.isReady ? 'SERVING' : 'NOT_SERVING' });
  const asked = (message: Buffer): string => file.read<{ service: string }>('HealthCheckRequest', message).service;
  const answer = (status: object) => file.write('HealthCheckResponse', status);
  return {
    name: NAME,
    file,
    methods: {
      Check: {
        kind: 'unary',
        access: 'public',
        answer: (message) => {
          const service = asked(message);
          if (known.includes(service)) return answer(now());
          throw new EyrieError('MODEL_NOT_FOUND', `there is no service ${service.slice(0, 200)} here`);
        },
      },
      List: {
        kind: 'unary',
        access: 'public',
        answer: () =>
          file.write('HealthListResponse', { statuses: Object.fromEntries(known.map((name) => [name, now()])) }),
      },
      Watch: {
        kind: 'watch',
        access: 'public',
        watch: async (message, send, signal) => {
          const isKnown = known.includes(asked(message));
          for (let told = ''; !signal.aborted;) {
            const { status } = isKnown ? now() : { status: 'SERVICE_UNKNOWN' };
            if (status !== told) await send(answer({ status }));
            told = status;
            await sleep(LOOK_MS, undefined, { signal, ref: false }).catch(() => undefined);
          }
          if (isKnown) await send(answer({ status: 'NOT_SERVING' })).catch(() => undefined);
        },
      },
    },
  };
}
