import { call, type ApiError } from '../shell/api.js';
import type { Prediction } from '../shell/api-types.js';
import { createStore } from '../shell/store.js';
import type { Photo } from './photos.js';

/** Who is asked: a model as its traffic goes, or one of its versions. */
export interface Target {
  readonly model: string;
  /** A number or an alias; undefined leaves it to the policy. */
  readonly version?: string;
}

/** The body of a question. */
export interface Sent {
  readonly type: string;
  readonly body: BodyInit;
}

export const JSON_TYPE = 'application/json';

export type Outcome =
  | { readonly state: 'waiting' }
  | { readonly state: 'answered'; readonly answer: Prediction; readonly elapsedMs: number }
  | { readonly state: 'failed'; readonly error: ApiError };

/** What became of each question, by `keyOf`. */
export const outcomes = createStore<ReadonlyMap<string, Outcome>>(new Map());

/** So many at a time: more would wait in the browser, and count as slow. */
const AT_ONCE = 4;
const waiting: (() => Promise<void>)[] = [];
let running = 0;

export function keyOf({ model, version = '' }: Target, { id }: Photo): string {
  return `${id} ${version} ${model}`;
}

/** Asks what has not been asked yet. @param again also what has been answered */
export function ask(photos: readonly Photo[], targets: readonly Target[], again = false): void {
  for (const photo of photos) {
    for (const target of targets) {
      const key = keyOf(target, photo);
      const known = outcomes.get().get(key);
      if (known?.state === 'waiting' || (known && !again)) continue;
      tell(key, { state: 'waiting' });
      waiting.push(() => askOne(target, photo, key));
    }
  }
  for (let free = AT_ONCE - running; free > 0; free -= 1) void work();
}

export function forget(): void {
  waiting.length = 0;
  outcomes.set(new Map());
}

async function work(): Promise<void> {
  running += 1;
  for (let next = waiting.shift(); next; next = waiting.shift()) await next();
  running -= 1;
}

async function askOne(target: Target, photo: Photo, key: string): Promise<void> {
  tell(key, await askOnce(target, bodyOf(photo)));
}

export async function askOnce(target: Target, { type, body }: Sent): Promise<Outcome> {
  const started = performance.now();
  try {
    const headers = { 'Content-Type': type };
    const answer = await call<Prediction>(pathOf(target), { method: 'POST', headers, body });
    return { state: 'answered', answer: answer.body, elapsedMs: performance.now() - started };
  } catch (error) {
    return { state: 'failed', error: error as ApiError };
  }
}

/** The one that it was meant for may have been forgotten meanwhile. */
function tell(key: string, outcome: Outcome): void {
  const known = outcomes.get();
  if (outcome.state !== 'waiting' && !known.has(key)) return;
  outcomes.set(new Map(known).set(key, outcome));
}

export function pathOf({ model, version }: Target): string {
  const path = `v1/models/${encodeURIComponent(model)}`;
  return version === undefined ? `${path}/predict` : `${path}/versions/${encodeURIComponent(version)}/predict`;
}

function bodyOf({ file, url }: Photo): Sent {
  return file ? { type: mediaType(file), body: file } : { type: JSON_TYPE, body: JSON.stringify({ url }) };
}

/** What is no picture is sent nevertheless: the server says what it is. */
export function mediaType(file: Blob): string {
  return file.type.startsWith('image/') ? file.type : 'application/octet-stream';
}
