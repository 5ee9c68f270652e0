import { SingleBar } from 'cli-progress';
import type { DownloadObserver } from '#authoring';

/** Shows a download to people: a bar where there is a terminal, and a line for whatever goes wrong. */
export class PullProgress implements DownloadObserver {
  private bar: SingleBar | null = null;

  progress(received: number, total: number | null): void {
    if (!process.stderr.isTTY) return;
    if (!this.bar) {
      this.bar = new SingleBar({ format: '{bar} {percentage}% | {mb} MB | {eta_formatted} left', hideCursor: true });
      this.bar.start(total ?? received, received, { mb: inMb(received) });
    }
    this.bar.setTotal(total ?? received);
    this.bar.update(received, { mb: total === null ? inMb(received) : `${inMb(received)} of ${inMb(total)}` });
  }

  retry(reason: string, waitMs: number): void {
    this.end();
    console.error(`${reason}; trying again in ${Math.ceil(waitMs / 1000)} s`);
  }

  nextSource(reason: string): void {
    this.end();
    console.error(`${reason}; trying the next source`);
  }

  /** Leaves the terminal as it was. */
  end(): void {
    this.bar?.stop();
    this.bar = null;
  }
}

function inMb(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
