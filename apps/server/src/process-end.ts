import type { INestApplicationContext } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { deadlineIn, msUntil } from '#core';
import { endAllWorkers } from '#inference';
import type { StandardLog } from './log/standard-log';

/** A shutdown gets so long in any case. */
const LEAST_GRACE_MS = 1_000;
/** What is kept of the grace for ending by force. */
const BY_FORCE_MS = 250;
/** The longest that the end waits for somebody to read the log. */
const LOG_MS = 2_000;
/** The longest that it waits for calls of the system that should be over. */
const THREADS_MS = 2_000;
/** Calls of the system on libuv's threads, as Node names them. */
const ON_THREADS = /^(FSReq|GetAddrInfo|GetNameInfo)/;

/** Heeds the first signal, whatever comes after it: closes the application, and ends the process in time whatever holds it. */
export class ProcessEnd {
  private begun = false;

  constructor(private readonly log: StandardLog) {}

  get hasBegun(): boolean {
    return this.begun;
  }

  onSignal(app: INestApplicationContext, graceMs: number): void {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (this.begun) return;
        this.begun = true;
        void this.shutDown(app, Math.max(graceMs, LEAST_GRACE_MS) - BY_FORCE_MS);
      });
    }
  }

  /** What nobody has caught ends the process, as Node would have it, but says so in the log's form and leaves no worker. */
  onUncaught(): void {
    process.on('uncaughtException', (error, origin) => void this.die({ err: error }, `eyrie ends: ${origin}`));
    // Node's own way is to write them to standard error, and to wait for its reader.
    process.removeAllListeners('warning');
    process.on('warning', ({ name, message }) => this.log.logger.warn({ warning: name }, message));
  }

  /** @param facts beside the message that says why */
  async die(facts: object, message: string): Promise<void> {
    this.begun = true;
    this.log.fatal(facts, message);
    await this.end(1, deadlineIn(LEAST_GRACE_MS));
  }

  private async shutDown(app: INestApplicationContext, ms: number): Promise<void> {
    const deadline = deadlineIn(ms);
    const lastResort = setTimeout(() => {
      this.log.logger.error('the shutdown is not over, and SHUTDOWN_GRACE_MS nearly is: ending by force');
      void this.end(1, deadlineIn(BY_FORCE_MS / 2));
    }, ms);
    let code = 0;
    try {
      await app.close();
    } catch (error) {
      this.log.logger.error({ err: error }, 'the shutdown failed');
      code = 1;
    }
    clearTimeout(lastResort);
    await this.end(code, deadline);
  }

  private async end(code: number, deadline: number): Promise<void> {
    endAllWorkers();
    await this.log.drain(Math.min(msUntil(deadline), LOG_MS));
    const threadsUntil = Math.min(deadline, deadlineIn(THREADS_MS));
    while (threadsAreBusy() && msUntil(threadsUntil) > 0) await sleep(10);
    if (threadsAreBusy()) {
      // Node waits for its threads before it ends, and one that waits for a dead disk or a dead server does so for ever.
      this.log.logger.error(
        'a call of the system does not return; ending by SIGKILL, since no exit would come before it does',
      );
      await this.log.drain(BY_FORCE_MS / 2);
      process.kill(process.pid, 'SIGKILL');
    }
    process.exit(code);
  }
}

function threadsAreBusy(): boolean {
  return process.getActiveResourcesInfo().some((kind) => ON_THREADS.test(kind));
}
