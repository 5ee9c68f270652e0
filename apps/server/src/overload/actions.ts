import { RESOURCES, type Pressures, type Resource } from './pressures';

/** What is done when something is short, the mildest first. Probes, and what operators ask for, are always answered. */
export const ACTIONS = ['close_idle_connections', 'refuse_costly', 'refuse_predictions'] as const;
export type Action = (typeof ACTIONS)[number];

/** From which pressure on. Bodies have a limit of their own, which also makes those go that only hold their place. */
export const THRESHOLDS: Record<Resource, Partial<Record<Action, number>>> = {
  event_loop: { refuse_costly: 0.5, refuse_predictions: 1 },
  heap: { close_idle_connections: 0.8, refuse_costly: 0.85, refuse_predictions: 0.92 },
  memory: { close_idle_connections: 0.85, refuse_costly: 0.9, refuse_predictions: 0.97 },
  bodies: {},
  connections: { close_idle_connections: 0.9 },
  file_descriptors: { close_idle_connections: 0.8, refuse_costly: 0.9 },
};

/** An action ends so much below the pressure from which on it is taken. */
const RELIEF = 0.05;

/** @returns the actions to take, each with what is short */
export function actionsFor(pressures: Pressures, taken: ReadonlyMap<Action, Resource>): Map<Action, Resource> {
  const actions = new Map<Action, Resource>();
  for (const action of ACTIONS) {
    const cause = RESOURCES.find((resource) => {
      const threshold = THRESHOLDS[resource][action];
      if (threshold === undefined) return false;
      return pressures[resource] >= (taken.get(action) === resource ? threshold - RELIEF : threshold);
    });
    if (cause !== undefined) actions.set(action, cause);
  }
  return actions;
}
