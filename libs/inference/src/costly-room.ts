/**
 * How many costly inputs may be prepared at the same time, over all versions: each takes a CPU and much memory for as long, and
 * the others have to be answered meanwhile.
 */
export class CostlyRoom {
  private taken = 0;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly places: number) {}

  /** @returns whether there was a place; without one, `onFree` is called once when there may be */
  take(onFree: () => void): boolean {
    if (this.taken >= this.places) {
      this.waiting.add(onFree);
      return false;
    }
    this.taken++;
    return true;
  }

  release(): void {
    this.taken--;
    // Whoever finds nothing to take it for leaves it to the next one.
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const onFree of waiting) onFree();
  }
}
