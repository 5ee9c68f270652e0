import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Logger } from 'pino';
import { type Bound, EyrieError, observe } from '#core';
import { ModelRegistry } from '#registry';
import { Connections } from '../http/connections';
import { LOGGER } from '../settings';
import { actionsFor, type Action } from './actions';
import { BodyBudget } from './body-budget';
import type { Limits } from './limits';
import {
  EventLoopDelay,
  heapLimit,
  heapPressure,
  openDescriptors,
  ownBytes,
  type Pressures,
  type Resource,
} from './pressures';
import { Shed } from './shed';

export const LIMITS = Symbol('LIMITS');

const LOOK_MS = 1_000;
const IN_WORDS: Record<Resource, string> = {
  event_loop: 'time',
  heap: 'memory for itself',
  memory: 'memory',
  bodies: 'room for request bodies',
  connections: 'connections',
  file_descriptors: 'file descriptors',
};

/** Looks at what the server may run short of, and does less before it does. */
@Injectable()
export class Overload implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop = new EventLoopDelay();
  private timer: NodeJS.Timeout | undefined;
  private actions: ReadonlyMap<Action, Resource> = new Map();
  /** As of the last look. */
  pressures: Pressures = { event_loop: 0, heap: 0, memory: 0, bodies: 0, connections: 0, file_descriptors: 0 };

  constructor(
    private readonly bodies: BodyBudget,
    private readonly connections: Connections,
    private readonly registry: ModelRegistry,
    private readonly shed: Shed,
    @Inject(LIMITS) private readonly limits: Limits,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.loop.start();
    this.timer = setInterval(() => void this.look(), LOOK_MS).unref();
  }

  onModuleDestroy(): void {
    this.loop.stop();
    clearInterval(this.timer);
  }

  isTaken(action: Action): boolean {
    return this.actions.has(action);
  }

  /** @throws EyrieError OVERLOADED where predictions, or costly ones, are not taken on at present */
  admit(isCostly: () => boolean): void {
    if (this.actions.size === 0) return;
    const cause =
      this.actions.get('refuse_predictions') ?? (isCostly() ? this.actions.get('refuse_costly') : undefined);
    if (cause === undefined) return;
    this.shed.counts.overload++;
    throw new EyrieError('OVERLOADED', `the server is short of ${IN_WORDS[cause]}; try again later`, {
      bound: this.boundOf(cause),
      retryAfterSeconds: 2,
    });
  }

  /** What an operator would have to raise. */
  private boundOf(resource: Resource): Bound {
    const { memoryBytes, bodyBytes, connections, descriptors } = this.limits;
    const bounds: Record<Resource, Bound> = {
      event_loop: 'fixed',
      heap: { setting: '--max-old-space-size', value: Math.floor(heapLimit() / 1024 ** 2) },
      memory: { setting: 'bytes of memory', value: memoryBytes },
      bodies: { setting: 'BODY_BUDGET_BYTES', value: bodyBytes },
      connections: { setting: 'MAX_CONNECTIONS', value: connections },
      file_descriptors: descriptors === undefined ? 'fixed' : { setting: 'ulimit -n', value: descriptors },
    };
    return bounds[resource];
  }

  /** Reads off what is used, and takes the actions that it asks for. */
  async look(measure: () => Promise<Pressures> = () => this.measure()): Promise<void> {
    const pressures = await observe('overload', measure);
    if (!pressures) return;
    this.pressures = pressures;
    this.take(actionsFor(pressures, this.actions));
  }

  private async measure(): Promise<Pressures> {
    const { limits, bodies, connections } = this;
    const descriptors = limits.descriptors === undefined ? undefined : await openDescriptors();
    const pids = this.registry.list().flatMap(({ versions }) => [...versions.values()].flatMap(workersOf));
    return {
      event_loop: this.loop.pressure,
      heap: heapPressure(),
      memory: ownBytes([process.pid, ...pids]) / limits.memoryBytes,
      bodies: bodies.used / bodies.limit,
      connections: connections.count / connections.limit,
      file_descriptors: descriptors === undefined ? 0 : descriptors / limits.descriptors!,
    };
  }

  private take(actions: ReadonlyMap<Action, Resource>): void {
    for (const [action, resource] of actions) {
      if (this.actions.has(action)) continue;
      this.logger.warn(
        { action, resource, pressures: this.pressures },
        `short of ${IN_WORDS[resource]}: ${action} begins`,
      );
    }
    for (const action of this.actions.keys()) {
      if (!actions.has(action)) this.logger.info({ action, pressures: this.pressures }, `${action} ends`);
    }
    this.actions = actions;
    this.connections.keepIdle = !actions.has('close_idle_connections');
    if (!this.connections.keepIdle) this.connections.closeIdle();
  }
}

function workersOf({ predictor }: { predictor?: { workers: { pids: readonly number[] } } }): readonly number[] {
  return predictor?.workers.pids ?? [];
}
