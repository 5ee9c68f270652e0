import { type AddRequest, tryPreparations } from '#authoring';
import { type OutputOptions, print } from '../output/format';
import { commandPredictors } from '../predictors';
import { preparationsReport } from './preparations-report';

/** Prints what each preparation makes of the pictures, and adds nothing. */
export async function tryHere(
  request: AddRequest,
  photos: readonly string[],
  options: OutputOptions,
  signal: AbortSignal,
): Promise<void> {
  const tried = await tryPreparations(request, photos, { predictors: commandPredictors('ownFiles'), signal, onStep });
  print(options, tried, (wide) => preparationsReport(tried, photos, wide));
}

export function onStep(step: string): void {
  if (process.stderr.isTTY) console.error(`${step} …`);
}
