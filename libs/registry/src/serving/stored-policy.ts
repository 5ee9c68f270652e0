import { writeFirstPolicy } from '../policy/first-policy';
import { defaultPolicy, InvalidPolicyError, parsePolicy, resolveVersion, type Policy } from '../policy/policy';
import type { Surroundings } from './surroundings';

export interface ReadOptions {
  /** A look may finish what others have begun, and write a first policy; a change that may be refused must not do that beside. */
  mayWrite: boolean;
  /** What is served until now, see `pinnedTo`; undefined before anything is. */
  pinned: Policy | undefined;
  /** Of the versions, those that may be taken where nothing has been served yet. */
  servable: () => Promise<readonly number[]>;
}

/** What a policy serves by default, as the policy of a model that has none. */
export function pinnedTo(policy: Policy): Policy {
  if (policy.revision === 0 && typeof policy.default === 'number') return policy;
  return { revision: 0, aliases: {}, default: resolveVersion(policy, policy.default)! };
}

/** Reads the policy of one model, and stands in for one that is not there. */
export class StoredPolicy {
  private warnedOf: number | undefined;

  constructor(
    private readonly model: string,
    private readonly around: Surroundings,
  ) {}

  /** @param numbers the versions that there are, at least one @throws InvalidPolicyError, StorageError */
  async read(numbers: readonly number[], options: ReadOptions): Promise<Policy> {
    if (options.mayWrite) await this.finishInterrupted(numbers);
    const stored = await this.around.store.readPolicy(this.model);
    return stored === null ? this.withoutPolicy(numbers, options) : parsePolicy(stored, numbers);
  }

  /** Who wrote a revision, where that was kept. */
  async authorOf({ revision }: Policy): Promise<string | undefined> {
    try {
      return (await this.around.store.readPolicyRecord(this.model, revision))?.by;
    } catch (error) {
      // It is for people only; the policy itself can be read.
      if (error instanceof InvalidPolicyError) return undefined;
      throw error;
    }
  }

  /**
   * The version that has been served until now, whatever has been put beside it. That is written down where it can be, or the next
   * start would not know.
   */
  private async withoutPolicy(
    numbers: readonly number[],
    { pinned, servable, mayWrite }: ReadOptions,
  ): Promise<Policy> {
    if (!pinned || !numbers.includes(pinned.default as number)) return defaultPolicy(await servable());
    const newest = Math.max(...numbers);
    if (!mayWrite || newest <= (pinned.default as number) || this.warnedOf === newest) return pinned;
    this.warnedOf = newest;
    const serves = `version ${newest} is there, but version ${pinned.default} serves on until somebody says otherwise`;
    try {
      const policy = await writeFirstPolicy(this.around.store, this.model, pinned, 'the server, as it had none');
      this.warn(`${serves}; it had no policy, and has one that says so now`);
      return policy;
    } catch (error) {
      const why = `it has no policy, and none can be written: ${(error as Error).message}`;
      this.warn(`${serves}, or the server starts anew and takes the highest; ${why}`);
      return pinned;
    }
  }

  private async finishInterrupted(numbers: readonly number[]): Promise<void> {
    const revision = await this.around.store.finishInterrupted(this.model, numbers);
    if (revision === undefined) return;
    this.warn(`revision ${revision} of the policy, whose writer ended before it was done, is in force now`);
  }

  private warn(warning: string): void {
    this.around.observer.onWarning?.(this.model, warning);
  }
}
