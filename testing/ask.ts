import type { InferenceResult } from '#core';
import type { Predictor } from '#inference';
import { ImageClassifier } from '#tasks';
import { specFor } from './onnx-classifier';

interface AskOptions {
  topK: number;
  /** May be put off while the answer is awaited. */
  deadline: number;
  signal?: AbortSignal;
  /** As if nothing were known of what the image costs. */
  unknownCost?: boolean;
}

const { input: INPUT, output: OUTPUT } = specFor();
const classifier = new ImageClassifier([], [], OUTPUT, INPUT);

/** Has a predictor of `onnxClassifier` classify an image. */
export async function ask(
  predictor: Pick<Predictor, 'predict'>,
  image: Uint8Array,
  options: AskOptions,
): Promise<InferenceResult & { classes: { class_id: number; confidence: number }[] }> {
  const input = classifier.input(image, options.topK);
  const result = await predictor.predict({
    ...input,
    preparation: options.unknownCost ? undefined : input.preparation,
    get deadline() {
      return options.deadline;
    },
    signal: options.signal,
  });
  const sent = result.output as { classId: number; confidence: number }[];
  return { ...result, classes: sent.map(({ classId, confidence }) => ({ class_id: classId, confidence })) };
}
