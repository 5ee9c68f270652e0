import { createStore } from './store.js';

/** The body of every error of the API, RFC 9457. */
export interface Problem {
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly request_id?: string;
}

export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

/** Where the server is, whatever prefix a proxy puts before it: this file lies in console/shell/. */
export const SERVER = new URL('../../', import.meta.url).href;

export interface Request {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: BodyInit;
  readonly signal?: AbortSignal;
  /** Whether nobody clicked for it: then a key is not asked for a second time. */
  readonly isPolled?: boolean;
}

export interface Answer<T> {
  readonly body: T;
  readonly headers: Headers;
}

/** False after a request that nobody answered, until one is answered again. */
export const reachable = createStore(true);

const KEY = 'eyrie-key';

/** Kept for this tab alone, and sent in a header only, so that no other site can make the browser use it. */
export const apiKey = createStore(sessionStorage.getItem(KEY) ?? '');
apiKey.subscribe(() => {
  if (apiKey.get() === '') sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, apiKey.get());
});

/** Why a key is asked for; null while none is. */
export interface KeyQuestion {
  readonly why: string;
  readonly answer: (key: string | null) => void;
}

export const keyQuestion = createStore<KeyQuestion | null>(null);
let asked: Promise<boolean> | undefined;
let isDeclined = false;

/** @returns whether one was given */
export function askForKey(why: string): Promise<boolean> {
  asked ??= new Promise<boolean>((resolve) => {
    keyQuestion.set({
      why,
      answer: (key) => {
        keyQuestion.set(null);
        asked = undefined;
        isDeclined = key === null;
        if (key !== null) apiKey.set(key);
        resolve(key !== null);
      },
    });
  });
  return asked;
}

/** @throws ApiError for what the server refuses, and for a server that is not there */
export async function call<T>(path: string, request: Request = {}): Promise<Answer<T>> {
  const { method = 'GET', body, headers, signal, isPolled = false } = request;
  const key = apiKey.get();
  const init: RequestInit = {
    method,
    body,
    signal,
    cache: 'no-store',
    headers: { ...headers, ...(key && { Authorization: `Bearer ${key}` }) },
  };
  const response = await fetch(SERVER + path, init).catch((error: unknown) => unanswered(error, signal));
  reachable.set(true);
  const answered = await readBody(response);
  if (response.ok) return { body: answered as T, headers: response.headers };
  const problem = toProblem(response, answered);
  if (await mayTryAgain(problem, key, isPolled)) return call(path, request);
  throw new ApiError(problem);
}

/** A change, with a JSON body. */
export async function change<T>(
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  json?: unknown,
  headers: Record<string, string> = {},
): Promise<T> {
  const body = json === undefined ? undefined : JSON.stringify(json);
  const type: Record<string, string> = body === undefined ? {} : { 'Content-Type': 'application/json' };
  return (await call<T>(path, { method, body, headers: { ...type, ...headers } })).body;
}

async function mayTryAgain({ status, detail }: Problem, key: string, isPolled: boolean): Promise<boolean> {
  if (status !== 401 && status !== 403) return false;
  // No key would do where the server has none to compare it with.
  if (detail.includes('no admin key is configured')) return false;
  // Another one has been given meanwhile.
  if (apiKey.get() !== key) return true;
  if (isPolled && isDeclined && asked === undefined) return false;
  if (status === 401) apiKey.set('');
  return askForKey(detail);
}

/** A server that refuses a large body early closes the connection, and then browsers tell nothing of its answer. */
async function unanswered(error: unknown, signal?: AbortSignal): Promise<never> {
  if (signal?.aborted) throw error;
  const isThere = await fetch(`${SERVER}health/live`, { cache: 'no-store' }).then(
    ({ ok }) => ok,
    () => false,
  );
  reachable.set(isThere);
  throw new ApiError({
    title: 'No answer',
    status: 0,
    code: isThere ? 'CONNECTION_CUT' : 'UNREACHABLE',
    detail: isThere
      ? 'The server closed the connection before it had everything: what was sent is probably larger than it takes.'
      : 'The server does not answer.',
  });
}

async function readBody(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function toProblem({ status, statusText }: Response, body: unknown): Problem {
  if (typeof body === 'object' && body !== null && 'code' in body) return body as Problem;
  // Not of this server, but of a proxy before it.
  const detail = typeof body === 'string' && body.length < 300 && !body.includes('<') ? body : statusText;
  return { title: statusText, status, code: `HTTP_${status}`, detail: `${status} ${detail}`.trim() };
}
