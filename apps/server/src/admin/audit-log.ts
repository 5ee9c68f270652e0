import { Inject, Injectable } from '@nestjs/common';
import type { Response } from 'express';
import type { Logger } from 'pino';
import { contextOf } from '../http/request-context';
import { LOGGER } from '../settings';

/** Who changed what, from what to what. */
@Injectable()
export class AuditLog {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  record(res: Response, change: string, before: unknown, after: unknown): void {
    const { requestId, logged } = contextOf(res);
    this.logger.info({ request_id: requestId, key_id: logged.key_id, change, before, after }, `admin: ${change}`);
  }
}
