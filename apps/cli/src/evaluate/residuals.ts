/** How far values are from what is right, over a set of rows. */
export class Residuals {
  count = 0;
  private absolute = 0;
  private squared = 0;
  private mean = 0;
  /** Squares of the distances of what is right from its mean (Welford 1962), together. */
  private spread = 0;

  add(right: number, value: number): void {
    const residual = right - value;
    this.absolute += Math.abs(residual);
    this.squared += residual ** 2;
    const before = right - this.mean;
    this.mean += before / ++this.count;
    this.spread += before * (right - this.mean);
  }

  /** Mean absolute error. */
  get mae(): number {
    return this.absolute / this.count;
  }

  /** Root of the mean squared error. */
  get rmse(): number {
    return Math.sqrt(this.squared / this.count);
  }

  /** Coefficient of determination, as scikit-learn's `r2_score`: 1 is perfect, 0 is as good as the mean. */
  get r2(): number {
    return 1 - this.squared / this.spread;
  }
}
