import { Inject, Injectable } from '@nestjs/common';
import type { Response } from 'express';
import type { Logger } from 'pino';
import { contextOf } from '../../http/request-context';
import { LOGGER } from '../../settings';

/** Who changed what, from what to what. */
@Injectable()
export class AuditLog {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  record(res: Response, change: string, before: unknown, after: unknown): void {
    const { requestId, logged, trace } = contextOf(res);
    const who = { request_id: requestId, ...trace?.ids, key_id: logged.key_id };
    this.logger.info({ ...who, change, before, after }, `admin: ${change}`);
  }
}
