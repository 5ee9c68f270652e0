import { Injectable } from '@nestjs/common';

/** Whether the server has been told to stop. */
@Injectable()
export class Draining {
  private begun = false;

  get hasBegun(): boolean {
    return this.begun;
  }

  begin(): void {
    this.begun = true;
  }
}
