import { MemoryStore } from './memory-store';

const TEXT = 'x'.repeat(300);

describe('MemoryStore', () => {
  it('never takes more than it may, however much is put in', () => {
    const store = new MemoryStore(10_000, 60);
    for (let i = 0; i < 1_000; i++) {
      store.set(`key-${i}`, TEXT);
      expect(store.bytes).toBeLessThanOrEqual(10_000);
    }
    expect(store.count).toBeGreaterThan(10);
    expect(store.get('key-999')).toBe(TEXT);
    expect(store.get('key-0')).toBeUndefined();
  });

  it('lets go first of what has not been asked for', () => {
    const store = new MemoryStore(5_000, 60);
    store.set('wanted', TEXT);
    for (let i = 0; i < 100; i++) {
      store.set(`key-${i}`, TEXT);
      expect(store.get('wanted')).toBe(TEXT);
    }
  });

  it('does not throw everything away for what is larger than all of it', () => {
    const store = new MemoryStore(5_000, 60);
    store.set('small', TEXT);
    store.set('huge', 'x'.repeat(10_000));
    expect(store.get('huge')).toBeUndefined();
    expect(store.get('small')).toBe(TEXT);
  });

  it('forgets what is older than its time', async () => {
    const store = new MemoryStore(5_000, 0.02);
    store.set('key', TEXT);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(store.get('key')).toBeUndefined();
  });
});
