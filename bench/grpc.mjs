// `npm run bench:grpc`: a JPEG as BYTES over gRPC against the same JPEG as the body of /v1/predict, each with 10 connections, by turns on
// one server without a cache. Prints the requests per second of both, and gRPC ÷ /v1.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { median } from './measure/statistics.mjs';
import { EyrieServer } from '../scripts/eyrie-server.mjs';
import { freePort } from '../scripts/free-ports.mjs';
import { prepare, root } from '../scripts/prepare.mjs';

const CONNECTIONS = 10;
const ROUNDS = 4;
const SECONDS = Number(process.argv[2] ?? 5);
const MODEL = 'resnet-cifar10';
const PROTO = join(root, 'apps/server/src/dialects/open-inference/grpc/open_inference.proto');

prepare();
const jpeg = readFileSync(join(root, 'samples/cat.jpg'));
const grpcPort = await freePort();
const server = await EyrieServer.start({
  registry: join(root, 'model-registry'),
  model: MODEL,
  grpcPort,
  env: { CACHE_MAX_BYTES: '0', LOG_LEVEL: 'error' },
});
const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
const sessions = Array.from({ length: CONNECTIONS }, () => http2.connect(`http://127.0.0.1:${grpcPort}`));
try {
  const sides = { '/v1': overHttp(), gRPC: overGrpc() };
  const rates = { '/v1': [], gRPC: [] };
  for (const ask of Object.values(sides)) await perSecond(ask);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, ask] of Object.entries(sides)) rates[name].push(await perSecond(ask));
  }
  const [v1, grpc] = [median(rates['/v1']), median(rates.gRPC)];
  console.log(
    `${MODEL}, a JPEG of ${jpeg.length} bytes, ${CONNECTIONS} connections, medians of ${ROUNDS} × ${SECONDS} s`,
  );
  console.log(
    `/v1 ${v1.toFixed(0)} requests/s, gRPC ${grpc.toFixed(0)} requests/s, gRPC ÷ /v1 = ${(grpc / v1).toFixed(2)}`,
  );
} finally {
  agent.destroy();
  for (const session of sessions) session.destroy();
  await server.stop();
}

/** Each connection asks again when it has its answer. @param {(connection: number) => Promise<void>} ask */
async function perSecond(ask) {
  const started = performance.now();
  const until = started + SECONDS * 1000;
  let answers = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, connection) => {
      for (; performance.now() < until; answers++) await ask(connection);
    }),
  );
  return answers / ((performance.now() - started) / 1000);
}

function overHttp() {
  const options = {
    method: 'POST',
    agent,
    headers: { 'Content-Type': 'image/jpeg', 'Content-Length': jpeg.length },
  };
  return () =>
    new Promise((resolve, reject) => {
      const request = http.request(`${server.url}/v1/predict`, options, (response) => {
        response.resume().once('end', () => {
          if (response.statusCode === 200) resolve();
          else reject(new Error(`/v1 answered ${response.statusCode}`));
        });
      });
      request.once('error', reject).end(jpeg);
    });
}

function overGrpc() {
  const type = protobuf.loadSync(PROTO).lookupType('inference.ModelInferRequest');
  const element = Buffer.alloc(4 + jpeg.length);
  element.writeUInt32LE(jpeg.length);
  jpeg.copy(element, 4);
  const inputs = [{ name: 'input', datatype: 'BYTES', shape: [1] }];
  const request = { modelName: MODEL, inputs, rawInputContents: [element] };
  const message = type.encode(type.fromObject(request)).finish();
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  const body = Buffer.concat([prefix, message]);
  const headers = {
    ':method': 'POST',
    ':path': '/inference.GRPCInferenceService/ModelInfer',
    'content-type': 'application/grpc',
    te: 'trailers',
  };
  return (connection) =>
    new Promise((resolve, reject) => {
      const call = sessions[connection].request(headers);
      call.once('trailers', ({ 'grpc-status': status }) => {
        if (status === '0') resolve();
        else reject(new Error(`gRPC answered ${status}`));
      });
      call.once('response', ({ 'grpc-message': message }) => message && reject(new Error(message)));
      call.once('error', reject).resume().end(body);
    });
}
