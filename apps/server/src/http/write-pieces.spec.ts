import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { until } from '#testing/until';
import { giveContext, RequestContext } from './request-context';
import { writePieces } from './write-pieces';

const MIB = 1024 * 1024;
let server: Server;
let pieces: () => AsyncGenerator<string>;
let made = 0;
let isOver = false;
let waits: number;

beforeAll(async () => {
  server = createServer((req, res) => {
    const context = new RequestContext(req.headers, '/');
    context.onWriting = () => waits++;
    giveContext(res, context);
    void writePieces(res, pieces()).then(() => (isOver = true));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
beforeEach(() => {
  [made, waits, isOver] = [0, 0, false];
});
afterAll(() => void server.close());

const ask = () =>
  new Promise<IncomingMessage>((resolve) =>
    get({ port: (server.address() as AddressInfo).port, agent: false }, resolve),
  );
async function* letters(count: number, size: number): AsyncGenerator<string> {
  for (made = 0; made < count; made++) yield await Promise.resolve('x'.repeat(size));
}

it('what is short is sent with its length', async () => {
  pieces = () => letters(3, 10);
  const response = await ask();
  expect([response.headers['content-length'], await text(response), waits]).toEqual(['30', 'x'.repeat(30), 0]);
});

it('what is long is sent as it is made, and whole', async () => {
  pieces = () => letters(50, 100_000);
  const response = await ask();
  expect([response.headers['content-length'], (await text(response)).length, waits]).toEqual([undefined, 5_000_000, 1]);
});

it('of what nobody reads, no more is made than the connection holds; of what nobody waits for, nothing more', async () => {
  pieces = () => letters(1000, MIB);
  const response = await ask();
  const changes: number[] = [];
  await until(() => changes.push(made) > 20 && made > 0 && changes.at(-20) === made, 'it stands still');
  expect(made).toBeLessThan(100);
  expect(isOver).toBe(false);
  response.destroy();
  await until(() => isOver, 'it has given up');
  expect(made).toBeLessThan(200);
});
