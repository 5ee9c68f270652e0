import { EyrieError, type Limit } from '#core';

/** The storage of the registry does not answer, or fails; what is asked may be true or done all the same. */
export class StorageError extends EyrieError {
  /** @param bound what ended the wait, where a setting did */
  constructor(detail: string, bound?: Limit) {
    super('REGISTRY_UNAVAILABLE', detail, { bound, retryAfterSeconds: 10 });
  }
}

/** What may be over in a moment: a disk or a network that fails, and a system that has no more to give. */
const FAILURES = new Set(
  'EAGAIN ECONNREFUSED ECONNRESET EHOSTDOWN EHOSTUNREACH EIO EMFILE ENFILE ENOLINK ENOMEM ENOTCONN EREMOTEIO ESTALE ETIMEDOUT'.split(
    ' ',
  ),
);

/** Whether an error says nothing of the file, and all of the storage. */
export function isStorageFailure(error: unknown): boolean {
  return error instanceof StorageError || FAILURES.has((error as NodeJS.ErrnoException | undefined)?.code ?? '');
}
