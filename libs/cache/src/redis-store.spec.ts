import { connect, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describeWithRedis, RedisProcess } from '#testing/redis';
import { until } from '#testing/until';
import { RedisStore, type RedisFailure, type RedisStoreOptions } from './redis-store';

const failures: RedisFailure[] = [];
const states: boolean[] = [];
const open: RedisStore[] = [];

function storeAt(url: string, options: Partial<RedisStoreOptions> = {}): RedisStore {
  const store = new RedisStore(
    { url, timeoutMs: 1_000, ttlSeconds: 60, minBackoffMs: 20, maxBackoffMs: 50, ...options },
    { onFailure: (failure) => failures.push(failure), onState: (up) => states.push(up) },
  );
  open.push(store);
  return store;
}

beforeEach(() => {
  failures.length = 0;
  states.length = 0;
});
afterEach(() => open.splice(0).forEach((store) => store.close()));

const asIs = (text: string): string => text;
const read = (store: RedisStore, key: string) => store.get(key, asIs).then((found) => found?.value);

describeWithRedis('Redis', () => {
  let redis: RedisProcess;
  beforeAll(async () => {
    redis = await RedisProcess.start();
  });
  afterAll(() => redis.kill());

  it('keeps what it is given, for its time, and gives it to every process', async () => {
    const store = storeAt(redis.url);
    const other = storeAt(redis.url);
    await Promise.all([store.open(), other.open()]);
    store.set('a', 'answer');
    await until(async () => (await read(other, 'a')) === 'answer', 'the other one has it');
    const seconds = Number(await redis.command(['TTL', 'a']));
    expect(seconds).toBeGreaterThan(50);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(await read(store, 'b')).toBeUndefined();
    expect(failures).toEqual([]);
  });

  it.each([
    ['text of others', ['SET', 'key', 'hello']],
    ['an answer to another key', ['SET', 'key', 'other\nanswer']],
    ['bytes that are no text', ['SET', 'key', '\xff\xfe\x00']],
    ['nothing', ['SET', 'key', '']],
  ])('is not believed when it has %s', async (_, command) => {
    const store = storeAt(redis.url);
    await store.open();
    await redis.command(command);
    expect(await read(store, 'key')).toBeUndefined();
    expect(failures).toEqual(['rubbish']);
    expect(store.isUp).toBe(true);
  });

  it('is not believed when the value cannot be decoded', async () => {
    const store = storeAt(redis.url);
    await store.open();
    await redis.command(['SET', 'key', 'key\n{']);
    expect(await store.get('key', () => undefined)).toBeUndefined();
    expect(failures).toEqual(['rubbish']);
  });

  it('is used on when a key holds what is no string', async () => {
    const store = storeAt(redis.url);
    await store.open();
    await redis.command(['DEL', 'list']);
    await redis.command(['RPUSH', 'list', 'x']);
    expect(await read(store, 'list')).toBeUndefined();
    expect(failures).toEqual(['reply']);
    expect(store.isUp).toBe(true);
  });

  it('is read on when it is full', async () => {
    const store = storeAt(redis.url);
    await store.open();
    store.set('before', 'answer');
    await until(async () => (await read(store, 'before')) === 'answer', 'it is there');
    await redis.command(['CONFIG', 'SET', 'maxmemory', '1']);
    try {
      store.set('after', 'answer');
      await until(() => failures.length > 0, 'it says so');
      expect(failures).toEqual(['reply']);
      expect(await read(store, 'before')).toBe('answer');
    } finally {
      await redis.command(['CONFIG', 'SET', 'maxmemory', '0']);
    }
  });

  it('that has become a replica is given up, and the new master of the name is used', async () => {
    const successor = await RedisProcess.start();
    let target = redis.port;
    const name = createServer((socket) => {
      const upstream = connect(target, '127.0.0.1');
      socket.pipe(upstream).pipe(socket);
      for (const one of [socket, upstream]) one.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => name.listen(0, '127.0.0.1', resolve));
    const store = storeAt(`redis://127.0.0.1:${(name.address() as AddressInfo).port}`);
    try {
      await store.open();
      await redis.command(['REPLICAOF', '127.0.0.1', String(successor.port)]);
      store.set('a', 'answer');
      await until(() => !store.isUp, 'it is noticed');
      await until(() => failures.length >= 3, 'it has been tried again, in vain');
      expect([store.isUp, new Set(failures)]).toEqual([false, new Set(['reply'])]);
      target = successor.port;
      await until(() => store.isUp, 'the new master is used');
      store.set('a', 'answer');
      await until(async () => (await read(store, 'a')) === 'answer', 'it keeps answers');
      expect(states).toEqual([true, false, true]);
    } finally {
      store.close();
      await redis.command(['REPLICAOF', 'NO', 'ONE']);
      name.close();
      await successor.kill();
    }
  });

  it('that is full at the start is used, since it can be read', async () => {
    await redis.command(['CONFIG', 'SET', 'maxmemory', '1']);
    try {
      const store = storeAt(redis.url);
      await store.open();
      expect(store.isUp).toBe(true);
    } finally {
      await redis.command(['CONFIG', 'SET', 'maxmemory', '0']);
    }
  });

  it('that does not let us write is not used', async () => {
    await redis.command(['ACL', 'SETUSER', 'reader', 'on', '>secret', '~*', '+@read', '+ping']);
    const store = storeAt(redis.url.replace('//', '//reader:secret@'));
    await store.open();
    expect([store.isUp, failures]).toEqual([false, ['reply']]);
  });

  it('that hangs is given up after one time-out, and used again when it goes on', async () => {
    const store = storeAt(redis.url);
    await store.open();
    redis.hang();
    try {
      expect(await Promise.all([1, 2, 3].map(() => read(store, 'a')))).toEqual([undefined, undefined, undefined]);
      expect(failures).toEqual(['timeout']);
      expect(store.isUp).toBe(false);
      // From now on nobody waits: what is asked is not even sent.
      let immediate = false;
      void read(store, 'a').then(() => (immediate = true));
      await Promise.resolve().then(() => Promise.resolve());
      await new Promise((resolve) => setImmediate(resolve));
      expect(immediate).toBe(true);
      await until(() => failures.length > 1, 'it has been tried again in vain');
    } finally {
      redis.goOn();
    }
    await until(() => store.isUp, 'it is used again');
    expect(states).toEqual([true, false, true]);
  });

  it('that dies is given up at once, and used again when it is back', async () => {
    const store = storeAt(redis.url);
    await store.open();
    await redis.kill();
    await until(() => !store.isUp, 'it is noticed');
    expect(await read(store, 'a')).toBeUndefined();
    store.set('a', 'answer');
    await redis.restart();
    await until(() => store.isUp, 'it is used again');
    store.set('a', 'answer');
    await until(async () => (await read(store, 'a')) === 'answer', 'it keeps answers');
  });

  it('that wants a password that was not given is not used', async () => {
    const guarded = await RedisProcess.start();
    await guarded.command(['CONFIG', 'SET', 'requirepass', 'secret']);
    const store = storeAt(guarded.url);
    await store.open();
    expect(store.isUp).toBe(false);
    const allowed = storeAt(guarded.url.replace('//', '//:secret@'));
    await allowed.open();
    expect(allowed.isUp).toBe(true);
    await guarded.kill();
  });
});

describe('what answers in place of Redis', () => {
  let server: Server;
  let url: string;
  const sockets: Socket[] = [];
  /** What it says to every chunk that it gets. */
  let reply: string;
  beforeAll(async () => {
    server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.on('data', () => reply !== '' && socket.write(reply));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => sockets.splice(0).forEach((socket) => socket.destroy()));
  afterAll(() => server.close());

  it.each([
    ['another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['bytes without a meaning', '\x00\x01\x02\r\n\xff'],
    ['nothing at all', ''],
    ['an error', '-ERR go away\r\n'],
  ])('with %s is not used, and does no harm', async (_, text) => {
    reply = text;
    const store = storeAt(url, { timeoutMs: 50 });
    await store.open();
    expect(store.isUp).toBe(false);
    expect(await read(store, 'a')).toBeUndefined();
    expect(failures.length).toBeGreaterThan(0);
  });

  it.each([
    ['bytes without a meaning', '\x00\x01\x02\r\n\xff'],
    ['more replies than questions', '$1\r\na\r\n'.repeat(5)],
    ['a reply that never ends', '$1000\r\nabc'],
    ['an error of the whole server', '-LOADING Redis is loading the dataset in memory\r\n'],
  ])('and falls into %s in the middle of work is given up, and does no harm', async (_, text) => {
    reply = '+PONG\r\n';
    const store = storeAt(url, { timeoutMs: 50 });
    await store.open();
    expect(store.isUp).toBe(true);
    reply = text;
    expect(await read(store, 'a')).toBeUndefined();
    await until(() => !store.isUp, 'it is given up');
  });

  it('is tried again and again when it is not there, and nobody waits for it', async () => {
    const nobody = createServer();
    await new Promise<void>((resolve) => nobody.listen(0, '127.0.0.1', resolve));
    const { port } = nobody.address() as AddressInfo;
    await new Promise((resolve) => nobody.close(resolve));
    const store = storeAt(`redis://127.0.0.1:${port}`);
    await store.open();
    expect(await read(store, 'a')).toBeUndefined();
    await until(() => failures.length >= 3, 'it has been tried three times');
    expect(new Set(failures)).toEqual(new Set(['connection']));
  });
});
