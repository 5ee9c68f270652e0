// The image's HEALTHCHECK: exits with 0 when the server in this container answers that it is ready, otherwise with 1 and
// one line that says why.
import { get } from 'node:http';

const TIMEOUT_MS = 3_000;

// The server takes an empty variable for one that is not set, and so must this.
const port = process.env.PORT || '8000';
const address = process.env.HOST || '0.0.0.0';
const host = { '0.0.0.0': '127.0.0.1', '::': '::1' }[address] ?? address;

get({ host, port, path: '/health/ready', timeout: TIMEOUT_MS, agent: false }, (response) => {
  response.resume();
  end(response.statusCode === 200 ? 0 : 1, `/health/ready says ${response.statusCode}`);
})
  .on('timeout', () => end(1, `no answer on port ${port} within ${TIMEOUT_MS} ms`))
  .on('error', (error) => end(1, `nothing answers on port ${port}: ${error.message}`));

function end(code, message) {
  console.log(message);
  process.exit(code);
}
