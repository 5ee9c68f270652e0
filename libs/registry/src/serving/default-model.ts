/**
 * Which model answers requests that name none: the one that the registry names; else the first by name of those that were
 * there at the start. That one stays it as long as it is there, since clients must not be moved to another model because
 * somebody has added one.
 */
export class DefaultModel {
  private current: string | undefined;
  private warnedOf: string | undefined;
  private missed: string | undefined;

  /** @param configured a name that is the default whatever else there is; empty or undefined: none */
  constructor(private readonly configured: string | undefined) {}

  /** Undefined as long as there is nothing to choose from. */
  get name(): string | undefined {
    return this.configured || this.current;
  }

  /**
   * Chooses anew where it has to.
   * @param eligible names of the models that may be it, in order
   * @param named the one that the registry names, be it among them or not
   * @returns what somebody should know, and of which model; once
   */
  update(eligible: readonly string[], named?: string): { model: string; warning: string } | undefined {
    if (this.configured) return undefined;
    if (named !== undefined && eligible.includes(named)) {
      this.current = named;
      this.missed = this.warnedOf = undefined;
      return undefined;
    }
    const news = this.choose(eligible);
    if (named === undefined || named === this.missed || this.current === undefined) return news;
    this.missed = named;
    const warning =
      `registry.json names it for requests that name no model, but it is not there, or cannot answer; they go to ` +
      `${this.current}. Bring it in, name another one there, or set MODEL_NAME`;
    return { model: named, warning };
  }

  private choose(eligible: readonly string[]): { model: string; warning: string } | undefined {
    const [first] = eligible;
    const before = this.current;
    if (before === undefined || !eligible.includes(before)) {
      this.current = first;
      this.warnedOf = undefined;
      if (before === undefined) return undefined;
      const warning = `it is gone; requests that name no model go to ${first ?? 'nobody'} now; set MODEL_NAME`;
      return { model: before, warning };
    }
    if (first === before || first === this.warnedOf) return undefined;
    this.warnedOf = first;
    const warning =
      `requests that name no model go to ${before}, but after the next start they go to ${first}, ` +
      `which is the first by name then; set MODEL_NAME=${before} or MODEL_NAME=${first}`;
    return { model: before, warning };
  }
}
