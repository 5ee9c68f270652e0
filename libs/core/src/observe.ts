/** Is told what an observer has thrown. @param observer which call, as in `registry.onState` */
export type ReportObserverFailure = (observer: string, error: unknown) => void;

let report: ReportObserverFailure = (observer, error) => process.emitWarning(`${observer} failed: ${String(error)}`);

/** The one place that failures of observers are reported to, for log and metrics; without it they are warnings of Node. */
export function reportObserverFailuresTo(reporter: ReportObserverFailure): void {
  report = reporter;
}

/**
 * Calls what only watches, be it a metric, a log or a guard. What it throws, at once or as a promise, is reported and goes no
 * further: whatever is watched has its own result, and must not get another one by being watched.
 * @returns what the call returns; undefined where it throws
 */
export function observe<T>(observer: string, call: () => Promise<T>): Promise<T | undefined>;
export function observe<T>(observer: string, call: () => T): T | undefined;
export function observe(observer: string, call: () => unknown): unknown {
  try {
    const result = call();
    return result instanceof Promise ? result.catch((error: unknown) => failed(observer, error)) : result;
  } catch (error) {
    return failed(observer, error);
  }
}

/**
 * An observer whose methods cannot throw: each is called by `observe`, as `<name>.<method>`. A method that returns something
 * returns undefined where it would throw, so its type has to allow for that.
 */
export function harmless<T extends object>(name: string, observer: T): T {
  return new Proxy(observer, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown =>
        observe(`${name}.${String(key)}`, () => Reflect.apply(value, target, args) as unknown);
    },
  });
}

function failed(observer: string, error: unknown): undefined {
  try {
    report(observer, error);
  } catch {
    // The log itself is what fails: there is nobody left to tell.
  }
}
