import type { FileCalls } from './file-calls';

export type FileCall = Exclude<keyof FileCalls, 'close'>;

/** A call, on its way to the process that asks the disk. */
export interface StorageQuestion {
  id: number;
  call: FileCall;
  args: unknown[];
}

/** `sign`: the call gets on, and its time begins anew. */
export type StorageAnswer =
  | { id: number; sign: true }
  | { id: number; value: unknown }
  | { id: number; error: { message: string; code?: string } };
