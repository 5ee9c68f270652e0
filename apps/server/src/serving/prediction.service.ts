import { Inject, Injectable } from '@nestjs/common';
import type { Shared } from '#cache';
import { EyrieError } from '#core';
import { type Prediction, type Predictor, type PredictOptions } from '#inference';
import { OnDemandLoader } from '#registry';
import type { Route } from '#routing';
import { CONFIG } from '../settings';
import type { Config } from '../config';
import { Permits } from './permit';
import type { Question } from './question';
import type { ImageSource } from '../inputs/image-source';
import { PredictionCache, type GivenPrediction } from './prediction-cache';
import { PredictionOutcomes } from './prediction-outcomes';
import { fetchImage } from '../inputs/url/fetch-image';
import { FetchLimit } from '../inputs/url/fetch-limit';

/** Each may hold as much memory as the largest image. */
const FETCHES_AT_ONCE = 16;

/** The answer to one image, and who gave it. */
export interface Answer {
  route: Route;
  prediction: GivenPrediction;
}

/** The way of a request that has its permit: fetch, look into the cache, admit, batch, answer. */
@Injectable()
export class PredictionService {
  private readonly fetches = new FetchLimit(FETCHES_AT_ONCE);

  constructor(
    private readonly permits: Permits,
    private readonly onDemand: OnDemandLoader,
    private readonly cache: PredictionCache,
    private readonly outcomes: PredictionOutcomes,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async predict(image: ImageSource, question: Question): Promise<Answer> {
    const deadline = performance.now() + this.config.REQUEST_TIMEOUT_MS;
    const bytes = await this.bytesOf(image, question, deadline);
    const route = await this.route(question, deadline);
    return { route, prediction: await this.ask(route, bytes, question, deadline) };
  }

  /** All images go to the same version; each has its own answer or its own error, in the order of the images. */
  async predictMany(
    images: (ImageSource | EyrieError)[],
    question: Question,
  ): Promise<{ route: Route; results: (Prediction | EyrieError)[] }> {
    const deadline = performance.now() + this.config.REQUEST_TIMEOUT_MS;
    const route = await this.route(question, deadline);
    const results = await Promise.all(
      images.map(async (image, index) => {
        try {
          if (image instanceof EyrieError) throw image;
          return await this.ask(route, await this.bytesOf(image, question, deadline), question, deadline, index);
        } catch (error) {
          if (error instanceof EyrieError) return error;
          throw error;
        }
      }),
    );
    const [first] = results;
    // Nothing was answered, for a reason that is not the images': the request as a whole failed.
    if (first instanceof EyrieError && NOT_THE_IMAGES_FAULT.has(first.code) && allSame(results)) throw first;
    return { route, results };
  }

  private async route(question: Question, deadline: number): Promise<Route> {
    const { route } = this.permits.renewed(question.permit);
    question.onRoute(route);
    await this.onDemand.ready(route.version, { deadline, signal: question.signal });
    const classes = route.version.labels.length;
    if (question.topK !== undefined && question.topK > classes) {
      const detail = `must be at most ${classes}, the number of classes of ${route.version.model}`;
      throw new EyrieError('INVALID_REQUEST', `top_k ${detail}`, { errors: [{ field: 'top_k', detail }] });
    }
    return route;
  }

  private async ask(
    route: Route,
    bytes: Buffer,
    question: Question,
    deadline: number,
    index?: number,
  ): Promise<GivenPrediction> {
    const { version } = route;
    // While an image was fetched, the version may have had to make room for another.
    if (!version.predictor) await this.onDemand.ready(version, { deadline, signal: question.signal });
    const { labels } = version;
    const predictor = version.predictor!;
    const topK = Math.min(question.topK ?? this.config.TOP_K_PREDICTIONS, labels.length);
    const query = { topK, deadline, signal: question.signal };
    const trace = question.trace?.prediction(route, index);
    try {
      const given = await this.cache.predict(version, bytes, query, (shared) =>
        this.compute(route, predictor, bytes, { topK, onStage: trace?.onStage }, shared),
      );
      trace?.end({ source: given.source });
      this.outcomes.answered(route, bytes, given, question);
      return given;
    } catch (error) {
      trace?.end({ error });
      this.outcomes.failed(route, error);
      throw error;
    }
  }

  /** Several requests may wait for this one: it ends when the last of them does. */
  private async compute(
    route: Route,
    predictor: Predictor,
    bytes: Buffer,
    options: Pick<PredictOptions, 'topK' | 'onStage'>,
    shared: Shared,
  ): Promise<Prediction> {
    try {
      // Not a copy: the deadline moves when another request joins.
      const prediction = await predictor.predict(bytes, Object.assign(shared, options));
      this.outcomes.computed(route, prediction);
      return prediction;
    } catch (error) {
      this.outcomes.notComputed(route, error);
      throw error;
    }
  }

  private bytesOf(image: ImageSource, { signal, trace }: Question, deadline: number): Promise<Buffer> {
    if ('bytes' in image) return Promise.resolve(image.bytes);
    const { URL_IMAGES, URL_ALLOWED_HOSTS, URL_TIMEOUT_MS, MAX_IMAGE_BYTES } = this.config;
    const options = {
      enabled: URL_IMAGES,
      allowedHosts: URL_ALLOWED_HOSTS,
      maxBytes: MAX_IMAGE_BYTES,
      timeoutMs: Math.min(URL_TIMEOUT_MS, Math.max(1, deadline - performance.now())),
      maxRedirects: 3,
      trace,
    };
    return this.fetches.run(() => fetchImage(image.url, options, signal));
  }
}

const NOT_THE_IMAGES_FAULT = new Set(['OVERLOADED', 'DEADLINE_EXCEEDED', 'MODEL_NOT_READY', 'WORKER_FAILED']);

function allSame(results: (Prediction | EyrieError)[]): boolean {
  const codes = new Set(results.map((result) => (result instanceof EyrieError ? result.code : 'answered')));
  return codes.size === 1;
}
