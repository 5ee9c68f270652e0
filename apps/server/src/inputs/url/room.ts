/** Bytes that all fetches together may hold. */
export class Room {
  private left: number;

  constructor(bytes: number) {
    this.left = bytes;
  }

  /** @returns whether there was room */
  take(bytes: number): boolean {
    if (bytes > this.left) return false;
    this.left -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.left += bytes;
  }
}
