import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerProcess } from '#testing/server-process';
import { copyOfBundledModel, REPOSITORY } from '#testing/registry';

// ONNX Runtime keeps a device id and a queue of events in the home folder of whom it reports about.
it('reports to nobody: the home folder stays as it was', async () => {
  const home = mkdtempSync(join(tmpdir(), 'eyrie-home-'));
  const registry = copyOfBundledModel('resnet-cifar10');
  const server = await ServerProcess.start({ HOME: home, MODEL_REGISTRY: registry.path });
  try {
    const { status } = await fetch(`${server.url}/v1/predict`, {
      method: 'POST',
      headers: { 'content-type': 'image/png' },
      body: readFileSync(join(REPOSITORY, 'samples/ship.png')),
    });
    expect(status).toBe(200);
    expect(readdirSync(home, { recursive: true })).toEqual([]);
  } finally {
    await server.kill();
    registry.remove();
    rmSync(home, { recursive: true });
  }
});
