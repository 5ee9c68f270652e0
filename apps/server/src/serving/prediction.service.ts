import { Inject, Injectable } from '@nestjs/common';
import type { Shared } from '#cache';
import {
  EyrieError,
  observe,
  type InferenceInput,
  type InferenceResult,
  type ServedTask,
  deadlineIn,
  namingDeadline,
} from '#core';
import { type LoadedVersion, type ModelVersion, OnDemandLoader } from '#registry';
import type { Route, Sender } from '#routing';
import { CONFIG } from '../settings';
import { limitOf, type Config } from '../config';
import type { PredictionTrace } from '../tracing/tracing';
import { InferenceCache, type Given } from './inference-cache';
import { Permits } from './permit';
import { PredictionOutcomes } from './prediction-outcomes';
import type { Question } from './question';

/** The answer to one input, and who gave it. */
export interface Answer extends Given {
  route: Route;
  task: ServedTask;
  input: InferenceInput;
}

/** Until when, and for how long somebody waits. */
export interface Wait {
  /** On performance.now()'s clock. */
  deadline: number;
  signal: AbortSignal;
}

/**
 * What a dialect knows of a request: how what was sent becomes an input for a version with this task. It is asked once for a
 * request, when the version is known and loaded. @throws EyrieError for what is wrong with the request as a whole
 */
export type Interpret<Source> = (task: ServedTask) => (source: Source, wait: Wait) => Promise<InferenceInput>;

/** What a dialect knows of a request that may have several inputs: how each is made. @throws as `Interpret` */
export type Divide = (task: ServedTask, route: Route) => Promise<Reads> | Reads;
type Reads = readonly ((wait: Wait) => Promise<InferenceInput>)[];

/** The way of a request that has its permit: read, look into the cache, queue, answer, and tell what became of it. */
@Injectable()
export class PredictionService {
  constructor(
    private readonly permits: Permits,
    private readonly onDemand: OnDemandLoader,
    private readonly cache: InferenceCache,
    private readonly outcomes: PredictionOutcomes,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * @param present makes of the answer what the client gets. A request counts as answered when that is done, not before.
   * @throws EyrieError, or the signal's reason
   */
  async predict<Source, Body>(
    source: Source,
    interpret: Interpret<Source>,
    question: Question,
    present: (answer: Answer) => Body,
  ): Promise<Body> {
    const wait = this.waitOf(question);
    const { route, read } = await this.open(question, interpret, wait);
    return this.ask(route, () => read(source, wait), question, wait, present);
  }

  /** All go to the same version; each has its own answer or its own error, in their order. */
  async predictMany<Source, Body>(
    sources: readonly (Source | EyrieError)[],
    interpret: Interpret<Source>,
    question: Question,
    present: (answer: Answer) => Body,
  ): Promise<{ route: Route; results: (Body | EyrieError)[] }> {
    const divide: Divide = (task) => {
      const read = interpret(task);
      return sources.map((source) => (wait) => {
        return source instanceof EyrieError ? Promise.reject(source) : read(source, wait);
      });
    };
    const { route, results } = await this.predictParts(divide, question, present);
    const [first] = results;
    // Nothing was answered, for a reason that is not the inputs': the request as a whole failed.
    if (first instanceof EyrieError && NOT_THE_INPUTS_FAULT.has(first.code) && allSame(results)) throw first;
    return { route, results };
  }

  /** As `predictMany`, where only the version that answers tells how many inputs a request has. */
  async predictParts<Body>(
    divide: Divide,
    question: Question,
    present: (answer: Answer) => Body,
  ): Promise<{ route: Route; results: (Body | EyrieError)[] }> {
    const wait = this.waitOf(question);
    const { route, read: reads } = await this.open(question, divide, wait);
    const results = await Promise.all(
      reads.map(async (read, index) => {
        try {
          return await this.ask(route, () => read(wait), question, wait, present, index);
        } catch (error) {
          if (error instanceof EyrieError) return error;
          throw error;
        }
      }),
    );
    return { route, results };
  }

  private waitOf(question: Question): Wait {
    const deadline = deadlineIn(this.config.REQUEST_TIMEOUT_MS);
    // Not made before somebody listens: many requests never need it.
    return {
      deadline,
      get signal() {
        return question.signal;
      },
    };
  }

  private async open<Read>(question: Question, interpret: (task: ServedTask, route: Route) => Read, wait: Wait) {
    const { route } = this.permits.renewed(question.permit);
    question.onRoute(route);
    const { task } = await this.loaded(route.version, wait);
    return { route, read: await interpret(task, route) };
  }

  /** The version when it is loaded, which it may have to be first. @throws EyrieError MODEL_NOT_READY, OVERLOADED; the signal's reason */
  async loaded(version: ModelVersion, wait: Wait): Promise<LoadedVersion> {
    await this.onDemand.ready(version, wait).catch((error: unknown) => {
      throw this.named(error);
    });
    const { loaded } = version;
    if (loaded) return loaded;
    const detail = `${version.model} version ${version.version} was unloaded while the request waited for it`;
    throw new EyrieError('MODEL_NOT_READY', detail, { retryAfterSeconds: 1 });
  }

  /** One input, from its reading to its answer. What became of it is told once, here. */
  private async ask<Body>(
    route: Route,
    read: () => Promise<InferenceInput>,
    question: Question,
    wait: Wait,
    present: (answer: Answer) => Body,
    index?: number,
  ): Promise<Body> {
    let trace: PredictionTrace | undefined;
    let input: InferenceInput | undefined;
    try {
      input = await read();
      // While it was read, the version may have had to make room for another.
      const loaded = await this.loaded(route.version, wait);
      trace = observe('trace', () => question.trace?.prediction(route, index));
      const given = await this.answer(route, loaded, input, question, wait, trace);
      if (given.bytes !== undefined) question.holdAnswer(given.bytes);
      const body = this.present(question.permit.sender, { ...given, route, task: loaded.task, input }, present);
      observe('trace', () => trace?.end({ source: given.source }));
      this.outcomes.answered(route, loaded, input, given, question);
      return body;
    } catch (error) {
      observe('trace', () => trace?.end({ error }));
      this.outcomes.failed(route, error, input?.questions);
      throw this.named(error);
    }
  }

  private named(error: unknown): unknown {
    return namingDeadline(error, limitOf(this.config, 'REQUEST_TIMEOUT_MS'));
  }

  private answer(
    route: Route,
    loaded: LoadedVersion,
    input: InferenceInput,
    { permit }: Question,
    wait: Wait,
    trace: PredictionTrace | undefined,
  ): Promise<Given> {
    return this.cache.answer(route.version, loaded, input, wait, (shared) =>
      this.compute(route, permit.sender, loaded, input, shared, trace),
    );
  }

  /** Several requests may wait for this one: it ends when the last of them does. */
  private async compute(
    route: Route,
    sender: Sender,
    loaded: LoadedVersion,
    input: InferenceInput,
    shared: Shared,
    trace: PredictionTrace | undefined,
  ): Promise<InferenceResult> {
    try {
      const result = await loaded.predict(
        {
          ...input,
          // It moves when another request joins.
          get deadline() {
            return shared.deadline;
          },
          get signal() {
            return shared.signal;
          },
        },
        trace && ((stage) => observe('trace', () => trace.onStage(stage))),
      );
      this.outcomes.computed(route, sender, result);
      return result;
    } catch (error) {
      this.outcomes.notComputed(route, sender, error);
      throw error;
    }
  }

  /** An answer that cannot be written is none, and speaks against the version that gave it. */
  private present<Body>(sender: Sender, answer: Answer, present: (answer: Answer) => Body): Body {
    try {
      return present(answer);
    } catch (error) {
      this.outcomes.notComputed(answer.route, sender, error);
      throw error;
    }
  }
}

const NOT_THE_INPUTS_FAULT = new Set(['OVERLOADED', 'DEADLINE_EXCEEDED', 'MODEL_NOT_READY', 'WORKER_FAILED']);

function allSame(results: readonly unknown[]): boolean {
  const codes = new Set(results.map((result) => (result instanceof EyrieError ? result.code : 'answered')));
  return codes.size === 1;
}
