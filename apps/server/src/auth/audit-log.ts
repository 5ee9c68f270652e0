import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Outgoing } from '../http/exchange';
import { contextOf } from '../http/request-context';
import { LOGGER } from '../settings';

/** Who changed what, from what to what. */
@Injectable()
export class AuditLog {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  /** Who a request is made by, as the history of a policy has it; never more of a key than its name. */
  author(res: Outgoing): string {
    const { key_id: id } = contextOf(res).logged;
    return typeof id === 'string' ? `key ${id}` : 'a request without a key';
  }

  record(res: Outgoing, change: string, before: unknown, after: unknown): void {
    const { requestId, logged, trace } = contextOf(res);
    const who = { request_id: requestId, ...trace?.ids, key_id: logged.key_id };
    this.logger.info({ ...who, change, before, after }, `admin: ${change}`);
  }
}
