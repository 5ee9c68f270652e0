import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RawClient, request } from '#testing/http';
import { until } from '#testing/until';
import { limitBodyTime } from './body-time';

let server: Server;
const errors: string[] = [];

beforeAll(async () => {
  server = createServer((req, res) => {
    limitBodyTime(req, res, 200, { setting: 'BODY_TIMEOUT_MS', value: 200 });
    req.resume().on('end', () => res.end('thanks'));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    errors.push(error.code!);
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const port = () => (server.address() as AddressInfo).port;

it('ends a request whose body does not come, as Node ends those that are late', async () => {
  const client = await RawClient.connect(port());
  client.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nx');
  await until(() => client.closed, 'it is cut off');
  expect(errors).toEqual(['ERR_HTTP_REQUEST_TIMEOUT']);
});

it('leaves alone what is there, or has no body, and the connection that goes on', async () => {
  errors.length = 0;
  const client = await RawClient.connect(port());
  client.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx');
  await until(() => client.received.endsWith('thanks'), 'there is an answer');
  expect((await request(`http://127.0.0.1:${port()}/`)).text).toBe('thanks');
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect([client.closed, errors]).toEqual([false, []]);
  client.leave();
});
