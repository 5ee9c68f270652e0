import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { Policy } from '#registry';

import { PRESET_NAMES } from '../../libraries/preset-names';
import { PolicyDto } from '../models/policy.dto';

export class FactDto {
  @ApiProperty({ example: 'layout' })
  what!: string;

  @ApiProperty({ example: 'NCHW' })
  value!: string;

  @ApiProperty({ description: 'Where that is from', example: 'file' })
  source!: string;
}

export class AddedVersionDto {
  @ApiProperty({ type: 'object', additionalProperties: true, description: 'model.json of the new version' })
  manifest!: Record<string, unknown> & { name: string; version: number };

  @ApiProperty({ type: () => [FactDto], description: 'What is known of it, and from where' })
  facts!: FactDto[];

  @ApiProperty({ type: [String], description: 'What somebody should look at', example: ['no labels were given'] })
  warnings!: string[];

  @ApiProperty({ type: () => PolicyDto, description: 'The policy of the model, which says who is served by what' })
  policy!: Policy;
}

export class FindingDto {
  @ApiProperty({ example: 'resnet-cifar10' })
  model!: string;

  @ApiPropertyOptional({ type: 'integer', description: 'Absent where it is about the policy', example: 2 })
  version?: number;

  @ApiProperty()
  ok!: boolean;

  @ApiProperty({ example: 'checksum, loading and 3 golden images' })
  detail!: string;
}

export class VerifiedDto {
  @ApiProperty({ type: () => [FindingDto] })
  findings!: FindingDto[];
}

export class RemovedDto {
  @ApiProperty({ example: 'resnet-cifar10' })
  model!: string;

  @ApiPropertyOptional({ type: 'integer', description: 'Absent where the whole model is removed', example: 4 })
  version?: number;
}

const text = (description: string, example: string) => ({ type: 'string', description, examples: [example] });

/** The fields of the form are the flags of `eyrie models add`, without their dashes. */
export const UPLOAD_FIELDS: Record<string, Record<string, unknown>> = {
  version: text('Number of the version; without it one more than the highest', '2'),
  preset: text(`How images are prepared: ${PRESET_NAMES.join(', ')}`, 'imagenet'),
  'input-size': text('Side, or width x height, where the file leaves it open', '224'),
  layout: text('NCHW or NHWC, where the file leaves it open', 'NCHW'),
  channels: text('RGB, BGR, GREY, RGBA or BGRA', 'RGB'),
  resize: text('shorter-side:PIXELS, exact, exact:PIXELS (or WxH, to crop from) or pad', 'shorter-side:256'),
  kernel: text('bilinear, bicubic, lanczos or nearest', 'bilinear'),
  'pad-color': text('What resize pad fills with: 0..255, or red,green,blue', '114'),
  crop: text('center or none', 'center'),
  scale: text('What pixels of 0..255 are multiplied with', '1/255'),
  mean: text('Taken off after scaling, per channel', '0.485,0.456,0.406'),
  std: text('What is divided by then, per channel', '0.229,0.224,0.225'),
  output: text('The output that holds the class scores, where there are several', 'logits'),
  activation: text('auto, softmax, sigmoid or none', 'auto'),
  'multi-label': text('true where any number of classes may be right for an image', 'true'),
  threshold: text('From which score on multi-label names a class', '0.5'),
  task: text(
    'image-classification, tabular-classification or tabular-regression; without it what the graph looks like',
    'tabular-regression',
  ),
  target: text('Of a table: what is predicted, as its column is called', 'price'),
  unit: text('Of a regression: in what its values are', 'EUR'),
  tolerance: text('Of a regression: how far apart two versions may be and still agree', '0.5'),
  description: text('What people should know of it', 'flowers, float32'),
  license: text('Such as Apache-2.0', 'Apache-2.0'),
};

export const UPLOAD_SCHEMA = {
  type: 'object',
  required: ['file'],
  properties: {
    file: { type: 'string', format: 'binary', description: 'The model, in ONNX format' },
    data: {
      type: 'array',
      items: { type: 'string', format: 'binary' },
      description: 'Files in which the model keeps its weights, by the names that it calls them',
    },
    labels: { type: 'string', format: 'binary', description: 'One label per line, or JSON, in UTF-8' },
    features: {
      type: 'string',
      format: 'binary',
      description: 'Of a table: names of the columns, or JSON that describes them',
    },
    ...UPLOAD_FIELDS,
  },
};
