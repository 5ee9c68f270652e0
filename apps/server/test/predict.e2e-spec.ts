import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { postForm, postImage, postJson, request, sample } from '#testing/http';
import { BUNDLED_REGISTRY, REPOSITORY } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';

const ship = sample('ship.png');

let server: TestServer;
let website: Server;
let imageUrl: string;

beforeAll(async () => {
  website = createServer((_req, res) => res.setHeader('Content-Type', 'image/png').end(ship));
  await new Promise<void>((resolve) => website.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(website.address() as AddressInfo).port}`;
  imageUrl = `http://${host}/ship.png`;
  server = await startServer({ MODEL_REGISTRY: BUNDLED_REGISTRY, URL_ALLOWED_HOSTS: host });
});
afterAll(async () => {
  await server.stop();
  website.close();
});

const base64 = ship.toString('base64');

it.each([
  ['coffee.jpg', 'espresso'],
  ['cat.jpg', 'tiger cat'],
])('a photo is told by the bundled model for photos, which is not the default: %s', async (file, label) => {
  const photo = readFileSync(join(REPOSITORY, 'samples/photos', file));
  const { status, body } = await postImage(`${server.url}/v1/predict?model=efficientnet-lite0`, photo);
  expect([status, body.model]).toEqual([200, { name: 'efficientnet-lite0', version: 1, variant: null }]);
  const five = body.predictions.map((prediction: { label: string }) => prediction.label);
  expect(five).toContain(label);
  expect((await postImage(`${server.url}/v1/predict`, photo)).body.model.name).toBe('resnet-cifar10');
});

describe('an image may be sent', () => {
  const WAYS: [string, (url: string) => ReturnType<typeof request>][] = [
    ['in a form', (url) => postForm(url, [['file', ship, 'ship.png']])],
    ['in a form, under a name without meaning', (url) => postForm(url, [['file', ship, '../../etc/passwd']])],
    ['as the body, image/png', (url) => postImage(url, ship, { 'Content-Type': 'image/png' })],
    ['as the body, declared as another format', (url) => postImage(url, ship, { 'Content-Type': 'image/jpeg' })],
    ['as the body, application/octet-stream', (url) => postImage(url, ship)],
    ['as base64', (url) => postJson(url, { image: base64 })],
    ['as base64 without padding', (url) => postJson(url, { image: base64.replace(/=+$/, '') })],
    ['as URL-safe base64', (url) => postJson(url, { image: ship.toString('base64url') })],
    ['as base64 in lines', (url) => postJson(url, { image: base64.replace(/.{76}/g, '$&\r\n') })],
    ['as a data: URI', (url) => postJson(url, { image: `data:image/png;base64,${base64}` })],
    ['by URL', (url) => postJson(url, { url: imageUrl })],
    [
      'as JSON with a byte order mark and a charset',
      (url) =>
        postJson(url, `\ufeff${JSON.stringify({ image: base64 })}`, {
          'Content-Type': 'application/json; charset=UTF-8',
        }),
    ],
  ];
  it.each(WAYS)('%s', async (_, send) => {
    const { status, body } = await send(`${server.url}/v1/predict`);
    expect(status).toBe(200);
    expect(body.predictions[0].label).toBe('ship');
  });

  it('by URL only where its address is public or its host is allowed', async () => {
    const { status, body } = await postJson(`${server.url}/v1/predict`, {
      url: imageUrl.replace('127.0.0.1', '127.0.0.2'),
    });
    expect([status, body.code]).toEqual([400, 'URL_NOT_ALLOWED']);
  });

  it('by URL, which may lead to nothing', async () => {
    website.removeAllListeners('request').once('request', (_req, res) => res.writeHead(404).end());
    const { status, body } = await postJson(`${server.url}/v1/predict`, { url: imageUrl });
    website.on('request', (_req, res) => res.setHeader('Content-Type', 'image/png').end(ship));
    expect([status, body.code]).toEqual([422, 'URL_FETCH_FAILED']);
  });
});

describe('the answer', () => {
  it.each(['airplane.jpg', 'automobile.jpg', 'bird.webp', 'cat.jpg', 'dog.jpg', 'frog.webp', 'truck.png'])(
    'to samples/%s is right in every version',
    async (file) => {
      for (const version of [1, 2, 3]) {
        const { body } = await postImage(`${server.url}/v1/predict?version=${version}`, sample(file));
        expect(body.model).toEqual({ name: 'resnet-cifar10', version, variant: null });
        expect(body.predictions[0].label).toBe(file.split('.')[0]);
      }
    },
  );

  it('has the documented form, best class first, confidences that are probabilities', async () => {
    const { body } = await postImage(`${server.url}/v1/predict?top_k=10`, ship);
    expect(body).toEqual({
      request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      model: { name: 'resnet-cifar10', version: 2, variant: null },
      predictions: expect.any(Array),
      cached: false,
      timing_ms: {
        queue: expect.any(Number),
        decode: expect.any(Number),
        inference: expect.any(Number),
        total: expect.any(Number),
      },
    });
    const confidences: number[] = body.predictions.map((p: { confidence: number }) => p.confidence);
    expect(confidences).toEqual([...confidences].sort((a, b) => b - a));
    expect(confidences.every((confidence) => confidence >= 0 && confidence <= 1)).toBe(true);
    expect(confidences.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    expect(new Set(body.predictions.map((p: { class_id: number }) => p.class_id)).size).toBe(10);
  });

  it('has TOP_K_PREDICTIONS classes, or as many as top_k says', async () => {
    const lengths = await Promise.all(
      ['', '?top_k=1', '?top_k=3', '?top_k=10'].map(
        async (query) => (await postImage(`${server.url}/v1/predict${query}`, ship)).body.predictions.length,
      ),
    );
    expect(lengths).toEqual([5, 1, 3, 10]);
  });
});

describe('top_k', () => {
  const image = ship.toString('base64');
  it.each([
    [
      'a field of a form',
      () =>
        postForm(`${server.url}/v1/predict`, [
          ['top_k', '2'],
          ['file', ship],
        ]),
    ],
    [
      'a field of a form behind the file',
      () =>
        postForm(`${server.url}/v1/predict`, [
          ['file', ship],
          ['top_k', '2'],
        ]),
    ],
    ['a field of JSON', () => postJson(`${server.url}/v1/predict`, { image, top_k: 2 })],
    ['in query and body alike', () => postJson(`${server.url}/v1/predict?top_k=2`, { top_k: 2, image })],
  ])('may be %s', async (_, send) => {
    const { status, body } = await send();
    expect([status, body.predictions?.length]).toEqual([200, 2]);
  });

  it('may be asked for all items of a batch', async () => {
    const url = `${server.url}/v1/predict/batch`;
    const asJson = await postJson(url, { items: [{ image }, { image }], top_k: 3 });
    const asForm = await postForm(url, [
      ['files', ship],
      ['top_k', '3'],
      ['files', ship],
    ]);
    for (const { body } of [asJson, asForm]) {
      expect(body.results.map(({ predictions }: { predictions: unknown[] }) => predictions.length)).toEqual([3, 3]);
    }
  });
});

it('a file in a form needs no file name', async () => {
  const head = '--XX\r\nContent-Disposition: form-data; name="file"\r\n\r\n';
  const form = Buffer.concat([Buffer.from(head), ship, Buffer.from('\r\n--XX--')]);
  const { status, body } = await postImage(`${server.url}/v1/predict`, form, {
    'Content-Type': 'multipart/form-data; boundary="XX"',
  });
  expect([status, body.predictions?.[0].label]).toEqual([200, 'ship']);
});

describe('a version may be chosen', () => {
  it.each([
    ['/v1/predict', 2],
    ['/predict', 2],
    ['/v1/predict?model=resnet-cifar10', 2],
    ['/v1/predict?version=1', 1],
    ['/predict?version=challenger', 3],
    ['/v1/models/resnet-cifar10/predict', 2],
    ['/v1/models/resnet-cifar10/versions/3/predict', 3],
    ['/v1/models/resnet-cifar10/versions/baseline/predict?top_k=2', 1],
  ])('%s is answered by version %i', async (path, version) => {
    const { status, headers, body } = await postImage(server.url + path, ship);
    expect(status).toBe(200);
    expect(body.model.version).toBe(version);
    expect(headers.get('x-model-version')).toBe(String(version));
  });

  it('and is described under the same names', async () => {
    for (const path of ['/v1/model/info', '/model/info?version=champion', '/v1/models/resnet-cifar10/versions/2']) {
      const { status, body } = await request(server.url + path);
      expect(status).toBe(200);
      expect(body).toMatchObject({ model: 'resnet-cifar10', version: 2, state: 'READY', aliases: ['champion'] });
      expect(body.labels).toHaveLength(10);
    }
    const { body } = await request(`${server.url}/v1/models`);
    const { versions } = body.models.find(({ name }: { name: string }) => name === 'resnet-cifar10');
    expect(versions.map((v: { version: number; state: string }) => [v.version, v.state])).toEqual([
      [1, 'READY'],
      [2, 'READY'],
      [3, 'READY'],
    ]);
  });
});
