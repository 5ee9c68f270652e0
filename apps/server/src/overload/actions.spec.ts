import { ACTIONS, actionsFor, THRESHOLDS, type Action } from './actions';
import { EventLoopDelay, type Pressures, type Resource } from './pressures';

const CALM: Pressures = { event_loop: 0, heap: 0, memory: 0, bodies: 0, connections: 0, file_descriptors: 0 };
const NONE = new Map<Action, Resource>();
const taken = (pressures: Partial<Pressures>, before: ReadonlyMap<Action, Resource> = NONE) =>
  Object.fromEntries(actionsFor({ ...CALM, ...pressures }, before));

it.each<[pressures: Partial<Pressures>, actions: Partial<Record<Action, Resource>>]>([
  [{}, {}],
  [{ memory: 0.86 }, { close_idle_connections: 'memory' }],
  [{ memory: 0.91 }, { close_idle_connections: 'memory', refuse_costly: 'memory' }],
  [{ memory: 1.2 }, { close_idle_connections: 'memory', refuse_costly: 'memory', refuse_predictions: 'memory' }],
  [{ heap: 0.95 }, { close_idle_connections: 'heap', refuse_costly: 'heap', refuse_predictions: 'heap' }],
  [{ event_loop: 0.6 }, { refuse_costly: 'event_loop' }],
  [{ event_loop: 1 }, { refuse_costly: 'event_loop', refuse_predictions: 'event_loop' }],
  [{ bodies: 1 }, {}],
  [{ connections: 1 }, { close_idle_connections: 'connections' }],
  [{ file_descriptors: Infinity }, { close_idle_connections: 'file_descriptors', refuse_costly: 'file_descriptors' }],
])('of %o it takes %o', (pressures, actions) => {
  expect(taken(pressures)).toEqual(actions);
});

it.each(Object.entries(THRESHOLDS))('of %s it takes the milder action first', (_, thresholds) => {
  const inOrder = ACTIONS.map((action) => thresholds[action]).filter((threshold) => threshold !== undefined);
  expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b));
});

it('ends an action only when there is some relief, not at each swing', () => {
  const before = actionsFor({ ...CALM, event_loop: 0.5 }, NONE);
  expect(taken({ event_loop: 0.47 }, before)).toEqual({ refuse_costly: 'event_loop' });
  expect(taken({ event_loop: 0.44 }, before)).toEqual({});
  expect(taken({ event_loop: 0.47 })).toEqual({});
});

describe('the delay of the event loop', () => {
  const after = (delays: readonly number[]): number => {
    const loop = new EventLoopDelay();
    let now = 0;
    loop.tick(now);
    for (const delay of delays) loop.tick((now += 250 + delay));
    return loop.median;
  };

  it('is not that of one long turn', () => {
    expect(after([0, 0, 0, 46_000, 0])).toBe(0);
  });

  it('is that of many', () => {
    expect(after([0, 700, 900, 800, 750, 2_000])).toBe(800);
  });

  it('is not known from a few', () => {
    expect(after([5_000, 5_000])).toBe(0);
  });
});
