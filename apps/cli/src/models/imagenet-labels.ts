import { join } from 'node:path';
import { packageRoot } from '../package-root';

/** The labels of ImageNet's thousand classes, which come with Eyrie. */
export function imagenetLabels(): string {
  return join(packageRoot(), 'model-registry', 'imagenet-labels.txt');
}
