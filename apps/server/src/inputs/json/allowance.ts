import { EyrieError, type Limit } from '#core';

/** How much memory what a body brings may take, counted as it comes. */
export class Allowance {
  private left: number;

  /** @param what names what is counted, in messages @param within counts it, too */
  constructor(
    private readonly most: Limit,
    private readonly what: string,
    private readonly within?: Allowance,
  ) {
    this.left = most.value;
  }

  /** @throws EyrieError IMAGE_TOO_LARGE */
  spend(bytes: number): void {
    this.left -= bytes;
    if (this.left < 0) {
      const detail = `${this.what} would take more than the ${this.most.value} bytes that are allowed`;
      throw new EyrieError('IMAGE_TOO_LARGE', detail, { bound: this.most });
    }
    this.within?.spend(bytes);
  }
}
