/** Steps that follow each other in the order in which they were asked for. One that fails does not stop the next. */
export class Lane {
  private last: Promise<unknown> = Promise.resolve();

  /** @throws what the step throws */
  run<T>(step: () => Promise<T> | T): Promise<T> {
    const done = this.last.then(step);
    this.last = done.catch(() => undefined);
    return done;
  }
}
