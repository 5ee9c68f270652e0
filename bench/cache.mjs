import { input } from './inputs/photo.mjs';
import { formUpload } from './inputs/upload.mjs';
import { closedLoop } from './load/closed-loop.mjs';
import { EyrieServer } from '../scripts/eyrie-server.mjs';

const CONNECTIONS = 10;

/** Throughput when every answer comes from the cache, against the same server without one. */
export async function benchCache({ name, registry }, { port, seconds, warmUpSeconds }, progress) {
  const image = await input('jpeg');
  const upload = formUpload(image);
  const measure = async (title, env, mustBeCached) => {
    progress(`${name}: ${title}`);
    const server = await EyrieServer.start({ registry, model: name, port, env });
    try {
      const url = `${server.url}/v1/predict`;
      if (mustBeCached && !(await answersFromCache(url, upload))) return null;
      return await closedLoop({ url, upload, connections: CONNECTIONS, warmUpSeconds, seconds });
    } finally {
      await server.stop();
    }
  };
  const cached = await measure('cached', {}, true);
  if (!cached) throw new Error('this server has no cache: the same image was computed twice');
  const uncached = await measure('not cached', { CACHE_MAX_BYTES: '0' }, false);
  return {
    model: name,
    input: image.title,
    connections: CONNECTIONS,
    cached: cached.requestsPerSecond,
    uncached: uncached.requestsPerSecond,
    ratio: cached.requestsPerSecond / uncached.requestsPerSecond,
  };
}

async function answersFromCache(url, { headers, body }) {
  const ask = async () => {
    const response = await fetch(url, { method: 'POST', headers, body: body(0) });
    if (!response.ok) throw new Error(`the server answered ${response.status}: ${await response.text()}`);
    return response.json();
  };
  await ask();
  return (await ask()).cached === true;
}
