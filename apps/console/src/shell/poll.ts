import { useEffect, useRef, useState } from 'preact/hooks';
import { apiKey, call, reachable } from './api.js';

export interface Polled<T> {
  /** What came last; it stays while the server is away. */
  readonly data: T | undefined;
  readonly error: unknown;
  readonly refresh: () => void;
}

const AWAY_MS = 2_000;

/**
 * Asks again and again, as long as somebody looks: a tab that is hidden asks for nothing.
 * @param path below the server's address; undefined asks for nothing
 */
export function usePoll<T>(path: string | undefined, everyMs: number): Polled<T> {
  const [state, setState] = useState<{ path?: string; data?: T; error?: unknown }>({});
  const again = useRef<() => void>(() => undefined);
  useEffect(() => {
    if (path === undefined) return;
    const left = new AbortController();
    let timer = 0;
    let isAsking = false;
    const look = async (): Promise<void> => {
      window.clearTimeout(timer);
      if (isAsking || document.hidden || left.signal.aborted) return;
      isAsking = true;
      try {
        const { body } = await call<T>(path, { signal: left.signal, isPolled: true });
        setState({ path, data: body });
      } catch (error) {
        if (left.signal.aborted) return;
        setState((known) => ({ path, data: known.path === path ? known.data : undefined, error }));
      }
      isAsking = false;
      timer = window.setTimeout(() => void look(), reachable.get() ? everyMs : AWAY_MS);
    };
    const seen = (): void => void look();
    again.current = seen;
    document.addEventListener('visibilitychange', seen);
    const forget = apiKey.subscribe(seen);
    seen();
    return () => {
      left.abort();
      window.clearTimeout(timer);
      document.removeEventListener('visibilitychange', seen);
      forget();
    };
  }, [path, everyMs]);
  const isOfPath = state.path === path;
  return {
    data: isOfPath ? state.data : undefined,
    error: isOfPath ? state.error : undefined,
    refresh: () => again.current(),
  };
}
