import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { EyrieError } from '#core';
import { ModelRegistry, type Policy, type PolicyEdit } from '#registry';
import { AuditLog } from '../../auth/audit-log';

/** Changes policies for who has an admin key: it is noted who did what, and the answer says which revision came of it. */
@Injectable()
export class PolicyChanges {
  constructor(
    private readonly registry: ModelRegistry,
    private readonly audit: AuditLog,
  ) {}

  /** @param ifMatch the revision to build on, as the header has it @throws EyrieError as `ModelRegistry.changePolicy` */
  async change(res: Response, model: string, what: string, edit: PolicyEdit, ifMatch?: string): Promise<Policy> {
    const { before, after } = await this.registry.changePolicy(
      model,
      edit,
      expectedRevision(ifMatch),
      this.audit.author(res),
    );
    return this.answer(res, what, before, after);
  }

  /** @param to a revision @throws EyrieError as `ModelRegistry.rollbackPolicy` */
  async rollback(res: Response, model: string, to: number | undefined, ifMatch?: string): Promise<Policy> {
    const { before, after } = await this.registry.rollbackPolicy(
      model,
      expectedRevision(ifMatch),
      to,
      this.audit.author(res),
    );
    return this.answer(res, `roll back the policy of ${model}`, before, after);
  }

  private answer(res: Response, what: string, before: Policy, after: Policy): Policy {
    this.audit.record(res, what, before, after);
    res.setHeader('ETag', `"${after.revision}"`);
    return after;
  }
}

/** `"7"`, as in an ETag, or 7. `*` fits any. @throws EyrieError INVALID_REQUEST */
function expectedRevision(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  const revision = /^\s*"?(\d{1,9})"?\s*$/.exec(ifMatch)?.[1];
  if (revision === undefined) throw new EyrieError('INVALID_REQUEST', 'If-Match must be a revision, such as "7"');
  return Number(revision);
}
