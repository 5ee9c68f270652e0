import type { PreparedTask, ReadVersionFile, Task } from '#core';
import { parseLabels } from './labels';
import { checkFields, IMAGE_CLASSIFICATION_FIELDS, type ImageClassificationFields } from './manifest';
import { ImageClassifier } from './image-classifier';
import type { ClassifierSpec } from './spec';

/** Which of its classes an image belongs to. */
export const imageClassification: Task = {
  name: 'image-classification',
  fields: IMAGE_CLASSIFICATION_FIELDS,
  // Names of files.
  privateFields: ['labels', 'golden'],
  check: checkFields,

  async prepare(fields, read: ReadVersionFile): Promise<PreparedTask> {
    const { input, output, labels: file, golden = [] } = fields as unknown as ImageClassificationFields;
    const labels = parseLabels(await read(file), file);
    const spec: ClassifierSpec = { input, output, labels };
    return { spec, serve: () => new ImageClassifier(labels, golden, output, input) };
  },
};
