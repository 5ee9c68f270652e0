import { createHash } from 'node:crypto';
import { PredictorFactory } from '#inference';
import { WORKER_ENTRY } from '#tasks';
import { ModelRegistry } from '#registry';
import { postImage, request } from '#testing/http';
import { randomPng } from '#testing/images';
import { temporaryRegistry } from '#testing/registry';
import { startServer, type Alterations, type TestServer } from '#testing/server';
import { ApiAccess } from '../src/auth/api-access';
import { ApiKeys } from '../src/auth/api-keys';
import { readConfig, type Config } from '../src/config';
import { LoggingRegistryObserver } from '../src/metrics/registry-observer';
import { CONFIG } from '../src/settings';

const registry = temporaryRegistry({});
let server: TestServer;

async function start(override: Alterations['override']): Promise<void> {
  server = await startServer({ MODEL_REGISTRY: registry.path }, { override });
}
afterEach(() => server.stop());
afterAll(() => registry.remove());

describe('a provider can be replaced, and whoever imports it gets the other one:', () => {
  it('who may do what', async () => {
    const digest = createHash('sha256').update('other-key').digest('hex');
    const access = new ApiAccess(new ApiKeys({ read: [digest], predict: [], admin: [] }), { predict: 'required' });
    await start((module) => module.overrideProvider(ApiAccess).useValue(access));
    const ask = async (headers: Record<string, string>) =>
      (await request(`${server.url}/v1/models`, { headers })).status;
    expect([await ask({}), await ask({ 'X-API-Key': 'other-key' })]).toEqual([401, 200]);
  });

  it('the configuration', async () => {
    const config: Config = { ...readConfig({ MODEL_REGISTRY: registry.path, TOP_K_PREDICTIONS: '2' }) };
    await start((module) => module.overrideProvider(CONFIG).useValue(config));
    const { body } = await postImage(`${server.url}/v1/predict`, await randomPng());
    expect(body.predictions).toHaveLength(2);
  });

  it('who is told what becomes of the models', async () => {
    const states: string[] = [];
    const onState = ({ state }: { state: string }) => void states.push(state);
    await start((module) => module.overrideProvider(LoggingRegistryObserver).useValue({ onState }));
    expect(states).toEqual(['LOADING', 'READY']);
  });

  it('where predictors come from, inside the registry', async () => {
    const started: object[] = [];
    class CountingFactory extends PredictorFactory {
      override start(...args: Parameters<PredictorFactory['start']>) {
        started.push(args);
        return super.start(...args);
      }
    }
    const factory = new CountingFactory({ workerEntry: WORKER_ENTRY, maxPixels: 1_000_000, device: 'cpu' });
    await start((module) => module.overrideProvider(PredictorFactory).useValue(factory));
    expect(started).toHaveLength(1);
    expect((await postImage(`${server.url}/v1/predict`, await randomPng())).status).toBe(200);
  });
});

it('closing the application ends its workers', async () => {
  await start(undefined);
  const { pids } = server.version(1).predictor!.workers;
  expect(pids.length).toBeGreaterThan(0);
  await server.app.close();
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow();
  expect(server.app.get(ModelRegistry).isReady).toBe(false);
  expect(server.log.at(-1)!.message).toBe('bye');
});
