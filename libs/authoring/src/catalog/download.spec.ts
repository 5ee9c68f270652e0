import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { onnxClassifier } from '#testing/onnx-classifier';
import {
  answer,
  neverAnswer,
  redirectTo,
  sendWithoutEnd,
  serveOtherBytes,
  serveWithoutRanges,
  stallAfter,
  UnreliableFileServer,
} from '#testing/unreliable-file-server';
import { download, type DownloadOptions, type WantedFile } from './download';
import { DownloadError, DownloadStopped } from './download-errors';

const MODEL = onnxClassifier({ size: 16, seed: Math.ceil(Math.random() * 1e6) });
const ETAG = '"the-model"';

let folder: string;
let server: UnreliableFileServer;
let waits: number[];
let retries: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'eyrie-download-'));
  server = await UnreliableFileServer.start(MODEL, ETAG);
  waits = [];
  retries = [];
});
afterEach(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const digest = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');
const wanted = (changes: Partial<WantedFile> = {}): WantedFile => ({
  urls: [new URL(`${server.url}/model.onnx`)],
  sha256: digest(MODEL),
  bytes: MODEL.length,
  ...changes,
});
/** Nobody waits, and what would have been waited is noted. */
const fetchIt = (changes: Partial<WantedFile> = {}, options: Partial<DownloadOptions> = {}) =>
  download(wanted(changes), {
    folder,
    stallMs: 10_000,
    random: () => 1,
    wait: (ms) => Promise.resolve(waits.push(ms)),
    ...options,
    observer: {
      retry: (reason) => retries.push(reason),
      progress: (received) => server.received(received),
      ...options.observer,
    },
  });
const partPath = () => join(folder, `${digest(MODEL)}.part`);
const expectModel = (path: string) => {
  expect(Buffer.compare(readFileSync(path), MODEL)).toBe(0);
  expect(readdirSync(folder)).toEqual([`${digest(MODEL)}.onnx`]);
};

describe('a file that comes as it should', () => {
  it('is kept under its checksum, with nothing beside it', async () => {
    expectModel(await fetchIt());
    expect(server.ranges).toEqual([undefined]);
    expect(waits).toEqual([]);
  });

  it('is not asked for again', async () => {
    await fetchIt();
    expectModel(await fetchIt());
    expect(server.requests).toHaveLength(1);
  });

  it('is asked for again when the copy here was damaged', async () => {
    writeFileSync(join(folder, `${digest(MODEL)}.onnx`), 'damaged');
    expectModel(await fetchIt());
  });

  it('tells how far it is', async () => {
    const seen: [number, number | null][] = [];
    await fetchIt({}, { observer: { progress: (received, total) => seen.push([received, total]) } });
    expect(seen[0]).toEqual([0, MODEL.length]);
    expect(seen.at(-1)).toEqual([MODEL.length, MODEL.length]);
  });
});

describe('a connection that breaks', () => {
  it('is taken up again where it broke, as long as the file is the same', async () => {
    server.answers(server.cutAfter(1000), server.cutAfter(500));
    expectModel(await fetchIt());
    expect(server.ranges).toEqual([undefined, 'bytes=1000-', 'bytes=1500-']);
    expect(server.requests[1]!.headers['if-range']).toBe(ETAG);
    expect(waits).toEqual([1000, 2000]);
  });

  it('starts from the beginning when the file at the server was replaced', async () => {
    const old = { content: new Uint8Array(randomBytes(MODEL.length)), etag: '"an-old-one"' };
    server.file = old;
    server.answers((request, response) => {
      server.cutAfter(1000)(request, response, old);
      server.file = { content: MODEL, etag: ETAG };
    });
    expectModel(await fetchIt());
    expect(server.ranges).toEqual([undefined, 'bytes=1000-']);
  });

  it('starts from the beginning when the server knows no ranges', async () => {
    server.answers(server.cutAfter(1000), serveWithoutRanges);
    expectModel(await fetchIt());
  });

  it('starts from the beginning when the server gives another range than it was asked for', async () => {
    const headers = { 'content-range': `bytes 5-${MODEL.length - 1}/${MODEL.length}` };
    server.answers(server.cutAfter(1000), answer(206, headers, MODEL.subarray(5)));
    expectModel(await fetchIt());
    expect(server.ranges).toEqual([undefined, 'bytes=1000-', undefined]);
  });

  it('does not use a weak ETag to go on, nor one of another server', async () => {
    server.file = { content: MODEL, etag: 'W/"weak"' };
    server.answers(server.cutAfter(1000), server.cutAfter(1000));
    await fetchIt();
    expect(server.requests.map(({ headers }) => headers['if-range'])).toEqual([undefined, undefined, undefined]);
  });

  it('counts as stalled when nothing comes for too long, before the answer and within it', async () => {
    server.answers(neverAnswer, stallAfter(1000));
    expectModel(await fetchIt({}, { stallMs: 300 }));
    expect(server.ranges).toEqual([undefined, undefined, 'bytes=1000-']);
    expect(retries[0]).toMatch(/sent nothing for 0\.3 s/);
  });

  it('is not given up while every attempt brings a good piece', async () => {
    const large = new Uint8Array(randomBytes(10 << 20));
    server.file = { content: large, etag: ETAG };
    server.answers(...Array.from({ length: 6 }, () => server.cutAfter(1.5 * 2 ** 20)));
    const path = await fetchIt({ sha256: digest(large), bytes: large.length }, { attempts: 2 });
    expect(Buffer.compare(readFileSync(path), large)).toBe(0);
    expect(waits).toEqual(Array(6).fill(1000));
  });

  it('is given up in the end, and the part stays for another day', async () => {
    server.answers(server.cutAfter(1000), server.cutAfter(0), server.cutAfter(0));
    await expect(fetchIt({}, { attempts: 3 })).rejects.toThrow(/gave up after 3 attempts: /);
    expect(waits).toEqual([1000, 2000]);
    expect(readFileSync(partPath())).toHaveLength(1000);
    expectModel(await fetchIt());
    expect(server.ranges.at(-1)).toBe('bytes=1000-');
  });

  it('names a host that nobody listens at', async () => {
    const { url } = server;
    await server.stop();
    await expect(fetchIt({ urls: [new URL(url)] }, { attempts: 2 })).rejects.toThrow(
      /connection to 127\.0\.0\.1:\d+ failed: ECONNREFUSED/,
    );
  });
});

it('does not try a port of another service again', async () => {
  await expect(fetchIt({ urls: [new URL('http://127.0.0.1:25/x')] })).rejects.toThrow(/a port that is not for HTTP/);
  expect(waits).toEqual([]);
});

describe('a server that lies', () => {
  it.each([
    ['fewer', -1],
    ['more', 1],
  ])('of %s bytes than the file has is not listened to', async (_, difference) => {
    server.file = { content: new Uint8Array(MODEL.length + difference) };
    await expect(fetchIt()).rejects.toThrow(`has ${MODEL.length + difference} bytes, but the file must have`);
    expect(server.requests).toHaveLength(1);
  });

  it('by announcing more than it sends is asked for the rest', async () => {
    server.answers(answer(200, { 'content-length': MODEL.length }, MODEL.subarray(0, 2000)));
    expectModel(await fetchIt({}, { stallMs: 300 }));
    expect(server.ranges).toEqual([undefined, 'bytes=2000-']);
  });

  it('by ending early without having announced anything is asked for the rest', async () => {
    server.answers(answer(200, { 'transfer-encoding': 'chunked' }, MODEL.subarray(0, 2000)));
    expectModel(await fetchIt());
    expect(retries).toEqual([`the connection ended after 2000 of ${MODEL.length} bytes`]);
  });

  it('by sending without end is stopped at the size of the file', async () => {
    server.answers(sendWithoutEnd);
    await expect(fetchIt()).rejects.toThrow(/sends more than the \d+ bytes/);
    expect(existsSync(partPath()) ? readFileSync(partPath()).length : 0).toBeLessThanOrEqual(MODEL.length);
  });

  it('by sending other bytes is found out, and nothing of them stays', async () => {
    server.answers(serveOtherBytes);
    await expect(fetchIt()).rejects.toThrow(
      /sent another file, which was removed: its SHA-256 is [0-9a-f]{64} instead/,
    );
    expect(readdirSync(folder)).toEqual([]);
    expect(server.requests).toHaveLength(1);
  });

  it('by compressing what was to come plain is refused', async () => {
    server.answers(answer(200, { 'content-encoding': 'gzip' }, 'x'));
    await expect(fetchIt()).rejects.toThrow(/sends the file compressed/);
  });
});

it('fetches all anew when the part from an earlier day was wrong', async () => {
  writeFileSync(partPath(), randomBytes(1000));
  expectModel(await fetchIt());
  expect(server.ranges).toEqual(['bytes=1000-', undefined]);
});

it('fetches all anew when the part is longer than the file, and asks nobody when it is all there', async () => {
  writeFileSync(partPath(), randomBytes(MODEL.length + 1));
  expectModel(await fetchIt());
  expect(server.ranges).toEqual([undefined]);
  rmSync(join(folder, `${digest(MODEL)}.onnx`));
  writeFileSync(partPath(), MODEL);
  expectModel(await fetchIt());
  expect(server.requests).toHaveLength(1);
});

it('needs no size: a part that turns out to be everything is everything', async () => {
  expectModel(await fetchIt({ bytes: undefined }));
  rmSync(join(folder, `${digest(MODEL)}.onnx`));
  writeFileSync(partPath(), MODEL);
  expectModel(await fetchIt({ bytes: undefined }));
  rmSync(join(folder, `${digest(MODEL)}.onnx`));
  writeFileSync(partPath(), randomBytes(MODEL.length + 1));
  expectModel(await fetchIt({ bytes: undefined }));
});

describe('a server that cannot', () => {
  it('is asked again after 503, 500 and 429, not before it wants to be', async () => {
    server.answers(answer(503), answer(500, { 'retry-after': 9 }), answer(429));
    expectModel(await fetchIt());
    expect(waits).toEqual([1000, 9000, 4000]);
    expect(retries[0]).toMatch(/answered 503$/);
  });

  it('not before the date that it names', async () => {
    const date = 'Fri, 27 Nov 2026 11:00:00 GMT';
    server.answers(answer(503, { date, 'retry-after': 'Fri, 27 Nov 2026 11:00:09 GMT' }));
    expectModel(await fetchIt());
    expect(waits).toEqual([9000]);
  });

  it('and wants hours of patience is given two minutes', async () => {
    server.answers(answer(503, { 'retry-after': 10_000 }));
    expectModel(await fetchIt());
    expect(waits).toEqual([120_000]);
  });

  it('is given up after as many attempts as were allowed', async () => {
    server.answers(...Array.from({ length: 4 }, () => answer(503)));
    await expect(fetchIt({}, { attempts: 4 })).rejects.toThrow(/gave up after 4 attempts: .*answered 503/);
    expect(server.requests).toHaveLength(4);
  });

  it.each([400, 401, 403, 404, 410, 204, 304])('is asked once only when it answers %d', async (status) => {
    server.answers(answer(status, {}, ''));
    await expect(fetchIt()).rejects.toThrow(new RegExp(`answered ${status}`));
    expect(server.requests).toHaveLength(1);
  });

  it('gives way to the next source, which goes on from the same part', async () => {
    const mirror = await UnreliableFileServer.start(MODEL);
    server.answers(server.cutAfter(1000), answer(404));
    const passed: string[] = [];
    const urls = [new URL(server.url), new URL(mirror.url)];
    expectModel(await fetchIt({ urls }, { observer: { nextSource: (reason) => passed.push(reason) } }));
    expect(mirror.ranges).toEqual(['bytes=1000-']);
    expect(mirror.requests[0]!.headers['if-range']).toBeUndefined();
    expect(passed).toEqual([expect.stringMatching(/answered 404/)]);
    await mirror.stop();
  });
});

describe('a redirect', () => {
  it('is followed, with the range and without the credentials', async () => {
    const store = await UnreliableFileServer.start(MODEL, ETAG);
    server.answers(redirectTo('/elsewhere', 307), redirectTo(`${store.url}/signed?secret=1`));
    const url = new URL(server.url);
    url.username = 'me';
    url.password = 'secret';
    writeFileSync(partPath(), MODEL.subarray(0, 1000));
    expectModel(await fetchIt({ urls: [url] }));
    expect(server.requests[1]!.url).toBe('/elsewhere');
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(Array(2).fill('Basic bWU6c2VjcmV0'));
    expect(store.requests[0]!.headers).toMatchObject({ range: 'bytes=1000-' });
    expect(store.requests[0]!.headers.authorization).toBeUndefined();
    await store.stop();
  });

  it('is not followed for ever', async () => {
    server.answers(...Array.from({ length: 6 }, () => redirectTo('/again')));
    await expect(fetchIt()).rejects.toThrow(/redirects more than 5 times/);
  });

  it('is not followed to a local file', async () => {
    server.answers(redirectTo('file:///etc/passwd'));
    await expect(fetchIt()).rejects.toThrow(/redirects to a file: URL/);
  });

  it('is an error when it leads nowhere', async () => {
    server.answers(answer(302));
    await expect(fetchIt()).rejects.toThrow(/redirects to nowhere/);
  });
});

describe('a download that is stopped', () => {
  it('keeps its part and releases its lock, and the next one goes on from there', async () => {
    server.answers(stallAfter(1000));
    const stop = new AbortController();
    const progress = (received: number) => received >= 1000 && stop.abort();
    const stopped = fetchIt({}, { signal: stop.signal, observer: { progress } });
    await expect(stopped).rejects.toThrow(DownloadStopped);
    expect(readdirSync(folder).sort()).toEqual([`${digest(MODEL)}.part`, `${digest(MODEL)}.part.origin`]);
    expectModel(await fetchIt());
    expect(server.ranges).toEqual([undefined, 'bytes=1000-']);
    expect(server.requests[1]!.headers['if-range']).toBe(ETAG);
  });

  it('does not wait for the next attempt', async () => {
    server.answers(answer(503, { 'retry-after': 60 }));
    const stop = new AbortController();
    const observer = { retry: () => stop.abort() };
    await expect(fetchIt({}, { signal: stop.signal, observer, wait: undefined })).rejects.toThrow(DownloadStopped);
  });
});

describe('a disk', () => {
  it('that is full ends the download at once, with what to do', async () => {
    symlinkSync('/dev/full', partPath());
    await expect(fetchIt()).rejects.toThrow(/the disk is full: cannot write .*make room/);
    expect(server.requests).toHaveLength(1);
  });

  it('that has too little room is not even begun with', async () => {
    await expect(fetchIt({ bytes: 2 ** 52 })).rejects.toThrow(/has room for \d+ MB, but \d+ MB are needed/);
    expect(server.requests).toHaveLength(0);
  });

  it('with a file where the folder must be is told', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(fetchIt({}, { folder: join(folder, 'file') })).rejects.toThrow(DownloadError);
  });
});

describe('two downloads of one file', () => {
  it('do not write into each other', async () => {
    server.answers(stallAfter(1000));
    const first = fetchIt({}, { stallMs: 1000 });
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(fetchIt()).rejects.toThrow(/is downloading the same file; wait/);
    expectModel(await first);
  });

  it('are not held up by one that was killed', async () => {
    writeFileSync(join(folder, `${digest(MODEL)}.lock`), `${2 ** 30} ${hostname()}`);
    expectModel(await fetchIt());
  });
});

describe('a file: URL', () => {
  const local = (content: Uint8Array) => {
    mkdirSync(join(folder, 'stick'));
    const path = join(folder, 'stick', 'a model.onnx');
    writeFileSync(path, content);
    return path;
  };

  it('is used where it lies', async () => {
    const path = local(MODEL);
    expect(await fetchIt({ urls: [pathToFileURL(path)] })).toBe(path);
  });

  it('must be the file that is wanted, too, and is left alone when it is not', async () => {
    const path = local(MODEL.map((byte) => byte ^ 1));
    await expect(fetchIt({ urls: [pathToFileURL(path)] })).rejects.toThrow(/its SHA-256 is .* instead of/);
    expect(existsSync(path)).toBe(true);
    await expect(fetchIt({ urls: [pathToFileURL(path)], bytes: 5 })).rejects.toThrow(/has \d+ bytes instead of 5/);
  });

  it('that names nothing says so', async () => {
    await expect(fetchIt({ urls: [new URL('file:///nowhere.onnx')] })).rejects.toThrow(/ENOENT/);
    await expect(fetchIt({ urls: [new URL('file:///tmp')] })).rejects.toThrow(/cannot be used/);
  });
});
