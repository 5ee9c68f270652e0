import { Inject, Injectable } from '@nestjs/common';
import { invalidField, type InferenceInput } from '#core';
import type { Classes, ImageClassifier } from '#tasks';
import type { Config } from '../../config';
import type { Source } from '../../inputs/source';
import { UrlImages } from '../../inputs/url/url-images';
import type { Wait } from '../../serving/prediction.service';
import type { Question } from '../../serving/question';
import { CONFIG } from '../../settings';
import { requireNoTable } from './other-source';
import type { Presented } from './presented';

/** Images in, their best classes out. */
@Injectable()
export class ImageDialect {
  constructor(
    private readonly urls: UrlImages,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @throws EyrieError INVALID_REQUEST for more classes than there are */
  interpret(task: ImageClassifier, { topK, trace, permit }: Question) {
    const classes = task.labels.length;
    if (topK !== undefined && topK > classes) {
      throw invalidField('top_k', `must be at most ${classes}, the number of classes of the model`);
    }
    // A multi-label model says itself how many there are.
    const count = topK ?? (task.isMultiLabel ? undefined : Math.min(this.config.TOP_K_PREDICTIONS, classes));
    return async (source: Source, wait: Wait): Promise<InferenceInput> => {
      requireNoTable(source, 'an image, as "image" or "url"');
      if ('inputs' in source) {
        const detail = 'is for models of tensors; this one takes an image, as "image" or "url"';
        throw invalidField(`${source.path}inputs`, detail);
      }
      if ('bytes' in source) return task.input(source.bytes, count);
      const { deadline, signal } = wait;
      return task.input(
        await this.urls.fetch(source.url, { deadline, signal, caller: permit.sender.caller }, trace),
        count,
      );
    };
  }

  present(classes: Classes): Presented {
    const [best] = classes;
    return { body: { predictions: classes }, logged: { class: best?.label, confidence: best?.confidence } };
  }
}
