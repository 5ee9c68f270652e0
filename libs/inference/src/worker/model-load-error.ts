import type { LoadFault } from '../messages';

/** What is wrong with a model, in words for the person who has to mend it. */
export class ModelLoadError extends Error {
  constructor(
    message: string,
    readonly fault: LoadFault = { kind: 'unfit' },
  ) {
    super(message);
  }
}
