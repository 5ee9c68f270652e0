import { missingMounts, readCompose } from '../compose.mjs';
import { demandNone, promise } from '../promise.mjs';

export async function composeFile() {
  await promise('docker-compose.yml can be read by Compose, and what it mounts is there', async () => {
    const model = await readCompose();
    demandNone(missingMounts(model));
    return Object.keys(model.services).join(', ');
  });
}
