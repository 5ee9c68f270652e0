import { EyrieError } from '#core';

/** How much memory what a body brings may take, counted as it comes. */
export class Allowance {
  private left: number;

  /** @param what names what is counted, in messages @param within counts it, too */
  constructor(
    private readonly maxBytes: number,
    private readonly what: string,
    private readonly within?: Allowance,
  ) {
    this.left = maxBytes;
  }

  /** @throws EyrieError IMAGE_TOO_LARGE */
  spend(bytes: number): void {
    this.left -= bytes;
    if (this.left < 0) {
      throw new EyrieError(
        'IMAGE_TOO_LARGE',
        `${this.what} would take more than the ${this.maxBytes} bytes that are allowed`,
      );
    }
    this.within?.spend(bytes);
  }
}
