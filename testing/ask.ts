import type { InferenceResult } from '#core';
import type { Predictor } from '#inference';

interface AskOptions {
  topK: number;
  /** May be put off while the answer is awaited. */
  deadline: number;
  signal?: AbortSignal;
}

/** Has a predictor of `onnxClassifier` classify an image. */
export async function ask(
  predictor: Pick<Predictor, 'predict'>,
  image: Uint8Array,
  options: AskOptions,
): Promise<InferenceResult & { classes: { class_id: number; confidence: number }[] }> {
  const result = await predictor.predict({
    params: { topK: options.topK },
    payload: [image],
    cost: 1,
    get deadline() {
      return options.deadline;
    },
    signal: options.signal,
  });
  const sent = result.output as { classId: number; confidence: number }[];
  return { ...result, classes: sent.map(({ classId, confidence }) => ({ class_id: classId, confidence })) };
}
