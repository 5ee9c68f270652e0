import { Injectable } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EyrieError } from '#core';
import type { Outgoing } from '../http/exchange';
import { contextOf } from '../http/request-context';
import { announcedBytes, meterBody } from '../http/metered-body';
import { BodyBudget, type BodyLease } from './body-budget';
import { Shed } from './shed';

/** Gives the bodies of requests their part of the budget, and takes it back when the request is over. */
@Injectable()
export class BodyAdmission {
  constructor(
    private readonly budget: BodyBudget,
    private readonly shed: Shed,
    /** A body that announces more is refused by its reader, before it is read. */
    private readonly largestBody: number,
  ) {}

  /** @throws EyrieError OVERLOADED */
  admit(req: IncomingMessage, res: ServerResponse): void {
    const announced = announcedBytes(req);
    if (announced === 0) return;
    const wanted = announced !== undefined && announced > this.largestBody ? 0 : announced;
    let stop: (reason: Error) => void = () => undefined;
    const lease = this.lease(wanted, (reason) => stop(reason));
    this.hold(res, lease);
    stop = meterBody(req, {
      take: (bytes) => this.counted(() => this.take(lease, bytes)),
      whole: () => lease.whole(),
    });
  }

  /** For a message whose length is told before it comes. @param onRevoked must end its reading @throws EyrieError OVERLOADED */
  lease(bytes: number | undefined, onRevoked: (reason: EyrieError) => void): BodyLease {
    return this.counted(() =>
      this.budget.lease(bytes, (reason) => {
        this.shed.counts.slow_body++;
        onRevoked(reason);
      }),
    );
  }

  /** Until the request is over, the place is its own: its body's, and beside it that of a large answer. */
  hold(res: Outgoing, lease: Pick<BodyLease, 'answer' | 'release'>): void {
    res.once('close', () => lease.release());
    contextOf(res).holdAnswer = (bytes) => this.counted(() => lease.answer(bytes));
  }

  private take(lease: BodyLease, bytes: number): void {
    try {
      lease.take(bytes);
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  private counted<T>(ask: () => T): T {
    try {
      return ask();
    } catch (error) {
      this.shed.counts.bodies++;
      throw error;
    }
  }
}
