import { mkdir, rename, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Backoff } from '#core';
import { LOCAL_FILES } from '#registry';
import { AttemptFailed, DownloadError, DownloadStopped, SourceFailed } from './download-errors';
import { attempt } from './http-attempt';
import { lock } from './lock-file';
import { shownUrl } from './model-url';
import { PartFile, removePart } from './part-file';

/** A file, told by its content; where it comes from does not matter. */
export interface WantedFile {
  /** Asked one after the other until one gives the file: `https:`, `http:` or `file:`. */
  urls: readonly URL[];
  /** 64 lower-case hex digits. */
  sha256: string;
  bytes?: number;
}

export interface DownloadObserver {
  /** @param total null while nobody knows */
  progress?(received: number, total: number | null): void;
  retry?(reason: string, waitMs: number): void;
  nextSource?(reason: string): void;
}

export interface DownloadOptions {
  /** Keeps what has come until there is a use for it; made if it is not there. */
  folder: string;
  signal?: AbortSignal;
  /** Failures in a row, without progress in between, after which a source is given up. */
  attempts?: number;
  stallMs?: number;
  observer?: DownloadObserver;
  /** Stands in for waiting in tests. */
  wait?: (ms: number, signal?: AbortSignal) => Promise<unknown>;
  random?: () => number;
}

const ATTEMPTS = 6;
const STALL_MS = 30_000;
/** A connection that breaks time and again is worth keeping at while each brings this much. */
const PROGRESS_BYTES = 1 << 20;
/** Clients that failed together do not come back together. */
const BACKOFF = { minMs: 1_000, maxMs: 30_000, jitter: 1 };
/** A server that asks for more than this is not waited for. */
const LONGEST_ASKED_MS = 120_000;

/**
 * Fetches a file, going on from where an earlier download stopped, and checks its size and SHA-256.
 * @returns its path: the file in `folder`, or the one that a `file:` URL names
 * @throws DownloadError when no source gives the file, DownloadStopped when the signal says so
 */
export async function download(wanted: WantedFile, options: DownloadOptions): Promise<string> {
  const done = join(options.folder, `${wanted.sha256}.onnx`);
  await mkdir(options.folder, { recursive: true }).catch((error: Error) => {
    throw new DownloadError(`cannot make ${options.folder}: ${error.message}`);
  });
  if ((await whyNotWanted(done, wanted).catch(() => 'it is not there')) === null) return done;
  const unlock = await lock(join(options.folder, `${wanted.sha256}.lock`));
  try {
    return await fromFirstThatHasIt(wanted, done, options);
  } catch (error) {
    if (options.signal?.aborted) throw new DownloadStopped('stopped; pull again to go on from there');
    throw error;
  } finally {
    await unlock();
  }
}

async function fromFirstThatHasIt(wanted: WantedFile, done: string, options: DownloadOptions): Promise<string> {
  const failures: string[] = [];
  for (const [i, url] of wanted.urls.entries()) {
    try {
      if (url.protocol === 'file:') return await localFile(url, wanted);
      await fetchAndCheck(url, wanted, done, options);
      return done;
    } catch (error) {
      if (!(error instanceof SourceFailed)) throw error;
      failures.push(error.message);
      if (i + 1 < wanted.urls.length) options.observer?.nextSource?.(error.message);
    }
  }
  throw new DownloadError(failures.join('; '));
}

async function localFile(url: URL, wanted: WantedFile): Promise<string> {
  const path = fileURLToPath(url);
  const why = await whyNotWanted(path, wanted).catch((error: Error) => error.message);
  if (why) throw new SourceFailed(`${path} cannot be used: ${why}`);
  return path;
}

/** Leaves the right file at `done`, and removes what turns out to be another. */
async function fetchAndCheck(url: URL, wanted: WantedFile, done: string, options: DownloadOptions): Promise<void> {
  const path = done.replace(/onnx$/, 'part');
  await refuseWithoutRoom(path, wanted, options.folder);
  const resumed = (await sizeOf(path)) > 0;
  let why = await fetchAll(url, path, wanted, options);
  if (why && resumed) why = await fetchAll(url, path, wanted, options); // it may be the old beginning that was wrong
  if (why) throw new SourceFailed(`${shownUrl(url)} sent another file, which was removed: ${why}`);
  await rename(path, done);
  await removePart(path);
}

/** @returns why the file is not the wanted one, which then is gone; null when it is */
async function fetchAll(url: URL, path: string, wanted: WantedFile, options: DownloadOptions): Promise<string | null> {
  await complete(url, path, wanted, options);
  const why = await whyNotWanted(path, wanted);
  if (why) await removePart(path);
  return why;
}

/** Tries until the part has every byte. @throws SourceFailed after too many failures in a row */
async function complete(url: URL, path: string, wanted: WantedFile, options: DownloadOptions): Promise<void> {
  const { attempts = ATTEMPTS, stallMs = STALL_MS, observer, random, wait = pause, signal } = options;
  const onProgress = observer?.progress?.bind(observer);
  const part = await PartFile.open(path);
  try {
    const backoff = new Backoff({ ...BACKOFF, random });
    let failures = 0;
    let reached = part.size;
    // A part of the right size is complete already: only its check was not reached.
    while (part.size === 0 || part.size !== wanted.bytes) {
      if (wanted.bytes !== undefined && part.size > wanted.bytes) await part.restart(null);
      try {
        await attempt(url, part, { bytes: wanted.bytes, stallMs, signal, onProgress });
        break;
      } catch (error) {
        if (!(error instanceof AttemptFailed)) throw error;
        if (part.size - reached >= PROGRESS_BYTES) {
          failures = 0;
          backoff.reset();
        }
        failures++;
        reached = Math.max(reached, part.size);
        if (failures >= attempts) throw new SourceFailed(`gave up after ${attempts} attempts: ${error.message}`);
        const waitMs = Math.max(backoff.next(), Math.min(error.retryAfterMs, LONGEST_ASKED_MS));
        observer?.retry?.(error.message, waitMs);
        await wait(waitMs, signal);
      }
    }
    await part.sync();
  } finally {
    await part.close();
  }
}

async function refuseWithoutRoom(path: string, { bytes = 0 }: WantedFile, folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const needed = bytes - (await sizeOf(path));
  if (bavail * bsize >= needed) return;
  const mb = (count: number) => `${Math.ceil(count / 1e6)} MB`;
  throw new DownloadError(
    `${folder} has room for ${mb(bavail * bsize)}, but ${mb(needed)} are needed; make room there`,
  );
}

/** @returns null when the file at `path` is the wanted one */
async function whyNotWanted(path: string, wanted: WantedFile): Promise<string | null> {
  const { size } = await stat(path);
  if (wanted.bytes !== undefined && size !== wanted.bytes) return `it has ${size} bytes instead of ${wanted.bytes}`;
  const digest = await LOCAL_FILES.sha256(path);
  return digest === wanted.sha256 ? null : `its SHA-256 is ${digest} instead of ${wanted.sha256}`;
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

function pause(ms: number, signal?: AbortSignal): Promise<unknown> {
  return sleep(ms, undefined, { signal });
}
