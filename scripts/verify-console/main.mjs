// `npm run verify:console`: the console in a real Chromium against the built server. Every page is used as people do, held against
// axe-core, weighed, timed, and drawn at three widths in both themes into a folder that is printed. Ends with 1 where something does not hold.
//   npm run verify:console -- --screenshot   only draws docs/console.webp, the picture of the README, and the small pictures of samples/
// Without a Chromium (that of Debian, or what CHROMIUM names) it says so and ends with 0.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createHash } from 'node:crypto';
import { EyrieServer } from '../eyrie-server.mjs';
import { prepare, root } from '../prepare.mjs';
import { findChromium, launch } from './browser.mjs';
import { healthFlow } from './health.mjs';
import { keyFlow } from './keys.mjs';
import { modelsFlow } from './models.mjs';
import { makeRegistry } from './registry.mjs';
import { drawReadme } from './readme-picture.mjs';
import { drawAll } from './screenshots.mjs';
import { tableFlow } from './tables.mjs';
import { prepareTraffic, trafficFlow } from './traffic.mjs';
import { drawThumbnails } from './thumbnails.mjs';
import { tryFlow } from './try.mjs';
import { weigh } from './weight.mjs';

const ADMIN_KEY = 'an-admin-key-for-this-run';
const READ_KEY = 'a-key-that-may-predict';

const chromium = findChromium();
if (!chromium) {
  console.log('no Chromium here (apt-get install chromium, or CHROMIUM=path): the console is not tried out');
  process.exit(0);
}
prepare();
const failures = [];
const held = (what, isSo, detail = '') => {
  console.log(`${isSo ? 'ok    ' : 'FAILED'} ${what}${isSo || detail === '' ? '' : `: ${detail}`}`);
  if (!isSo) failures.push(what);
};
const digest = (key) => createHash('sha256').update(key).digest('hex');
const isPicture = process.argv.includes('--screenshot');
const registry = isPicture ? join(root, 'model-registry') : makeRegistry();
const start = (env = {}) =>
  EyrieServer.start({
    registry,
    env: {
      LOG_LEVEL: 'error',
      LOAD: 'all',
      // A look at the folder would load again what was unloaded by hand.
      REGISTRY_POLL_SECONDS: '3600',
      REQUIRE: 'any',
      ADMIN_API_KEYS: `ops:${digest(ADMIN_KEY)}`,
      ...env,
    },
  });

/** With REQUIRE=any the server begins before every version is there. */
async function loaded({ url }) {
  for (;;) {
    const { models } = await (await fetch(`${url}/v1/models`)).json();
    if (!models.some(({ versions }) => versions.some(({ state }) => state === 'LOADING' || state === 'UNLOADED')))
      return;
    await sleep(100);
  }
}

const browser = await launch(chromium);
let server = await start();
await loaded(server);
try {
  if (isPicture) {
    await drawThumbnails();
    await drawReadme(browser, server.url);
  } else {
    const given = { browser, held, key: ADMIN_KEY };
    await weigh({ ...given, url: server.url });
    await tryFlow({ ...given, url: server.url });
    await tableFlow({ ...given, url: server.url });
    await modelsFlow({ ...given, url: server.url, registry });
    await trafficFlow({ ...given, url: server.url });
    await healthFlow({ ...given, url: server.url });
    await prepareTraffic(server.url, ADMIN_KEY);
    const pictures = mkdtempSync(join(tmpdir(), 'eyrie-console-pictures-'));
    await drawAll({ ...given, url: server.url, folder: pictures });
    const { port } = new URL(server.url);
    await server.stop();
    const restart = async () =>
      (server = await EyrieServer.start({
        registry,
        port: Number(port),
        env: {
          LOG_LEVEL: 'error',
          PREDICT_AUTH: 'required',
          PREDICT_API_KEYS: digest(READ_KEY),
          ADMIN_API_KEYS: digest(ADMIN_KEY),
        },
      }));
    await restart();
    await keyFlow({ ...given, url: server.url, key: READ_KEY, stop: () => server.stop(), restart });
    console.log(`pictures: ${pictures}`);
  }
} finally {
  await browser.close();
  await server.stop();
}
console.log(
  failures.length === 0 ? 'the console holds' : `${failures.length} things do not hold: ${failures.join('; ')}`,
);
process.exit(failures.length === 0 ? 0 : 1);
