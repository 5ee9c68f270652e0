import { demand, promise } from '../promise.mjs';

/** @param built { version, commit } with which the image was built */
export async function serving(server, ship, built) {
  await promise('predicts a ship', async () => {
    const answer = await fetch(`${server.url}/v1/predict`, {
      method: 'POST',
      headers: { 'content-type': ship.type },
      body: ship.body,
    });
    const { predictions, model } = await answer.json();
    demand(answer.status === 200 && predictions[0].label === 'ship', `${answer.status} ${JSON.stringify(predictions)}`);
    return `${predictions[0].confidence.toFixed(3)} by version ${model.version}`;
  });
  await promise('has the command eyrie, from any folder', async () => {
    const models = JSON.parse(
      await server.sh('cd /tmp && MODEL_REGISTRY=/app/model-registry eyrie models list --json'),
    );
    const backup = JSON.parse(
      await server.sh('cd /tmp && eyrie backup /tmp/backups --registry /app/model-registry --json'),
    );
    demand(models.length > 0 && backup.models.length === models.length, `${models.length}, ${backup.models.length}`);
    return `${models.length} models, and a backup of them`;
  });
  await promise('says at /health and in build_info what it was built from', async () => {
    const { info } = await server.json('/health');
    const { version: shown, commit } = info.server;
    demand(shown === built.version && commit === built.commit, `/health says version ${shown}, commit ${commit}`);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    const line = /^build_info\{.*$/m.exec(metrics)?.[0] ?? 'nothing';
    demand(line.includes(`version="${built.version}",commit="${built.commit}"`), `build_info says ${line}`);
    return line;
  });
}
