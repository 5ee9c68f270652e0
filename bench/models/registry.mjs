// A registry of the benchmark's own models, in a folder that goes away afterwards.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { resnet, RESNETS } from './resnet.mjs';

/** As torchvision prepares ImageNet's images: shorter side 256, the middle 224 x 224, mean and deviation of ImageNet. */
const IMAGENET_INPUT = {
  name: 'input',
  layout: 'NCHW',
  dtype: 'float32',
  width: 224,
  height: 224,
  channels: 'RGB',
  resize: { mode: 'shorter-side', size: 256, kernel: 'bilinear' },
  crop: 'center',
  scale: 1 / 255,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};

const LABELS = Array.from({ length: 1000 }, (_, i) => `class-${i}`);

/**
 * Writes version 1 of a ResNet into the registry folder.
 * @param {string} registry
 * @param {'resnet18' | 'resnet50'} name
 * @param {object} [runtime] the manifest's `runtime`; without it, the server's defaults
 */
export function writeResnet(registry, name, runtime) {
  const folder = join(registry, name, '1');
  mkdirSync(folder, { recursive: true });
  const model = resnet(name);
  const manifest = {
    schema: 1,
    name,
    version: 1,
    description: `${name} with random weights, for benchmarks`,
    task: 'image-classification',
    artifact: { file: 'model.onnx', sha256: createHash('sha256').update(model).digest('hex'), bytes: model.length },
    input: IMAGENET_INPUT,
    output: { name: 'logits', activation: 'softmax' },
    labels: 'labels.txt',
    ...(runtime && { runtime }),
  };
  writeFileSync(join(folder, 'model.onnx'), model);
  writeFileSync(join(folder, 'labels.txt'), LABELS.join('\n') + '\n');
  writeFileSync(join(folder, 'model.json'), JSON.stringify(manifest, null, 2));
}

/**
 * The registry folder that has a model: `folder`, into which it is written, for one of the benchmark's own.
 * @param {string} model
 * @param {string} folder
 * @param {string} elsewhere the folder that has all others
 */
export function registryWith(model, folder, elsewhere) {
  if (!RESNETS.includes(model)) return resolve(elsewhere);
  console.error(`${model}: building the model`);
  writeResnet(folder, model);
  return folder;
}
