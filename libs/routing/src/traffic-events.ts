import { observe } from '#core';

export const TRAFFIC_EVENT_TYPES = [
  'policy-changed',
  'canary-promoted',
  'canary-completed',
  'canary-rolled-back',
  'guard-failed',
] as const;
export type TrafficEventType = (typeof TRAFFIC_EVENT_TYPES)[number];

/** Something that happened to a model's traffic, and the numbers that it was based on. */
export interface TrafficEvent {
  /** ISO 8601. */
  at: string;
  model: string;
  type: TrafficEventType;
  detail: string;
  numbers?: object;
}

const KEPT_PER_MODEL = 200;

/** The latest events of each model; told to whoever listens, for log and metrics. */
export class TrafficEvents {
  private readonly byModel = new Map<string, TrafficEvent[]>();

  constructor(
    private readonly onEvent: (event: TrafficEvent) => void = () => undefined,
    private readonly now: () => Date = () => new Date(),
  ) {}

  add(model: string, type: TrafficEventType, detail: string, numbers?: object): void {
    const event: TrafficEvent = { at: this.now().toISOString(), model, type, detail, numbers };
    this.byModel.set(model, [event, ...this.of(model)].slice(0, KEPT_PER_MODEL));
    observe('traffic.onEvent', () => this.onEvent(event));
  }

  /** Newest first. */
  of(model: string): readonly TrafficEvent[] {
    return this.byModel.get(model) ?? [];
  }
}
