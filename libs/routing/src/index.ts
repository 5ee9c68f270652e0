export {
  abortCanary,
  abortCanaryKeepingShadow,
  type CanaryStart,
  promoteCanary,
  startCanary,
  USUAL_RULES,
} from './canary-edits';
export { setCanaryWeight } from './canary-weight';
export { type ShadowStart, startShadow, stopShadow } from './shadow-edits';
export { CanaryGuard, type GuardStatus } from './canary-guard';
export { chooseRoute, findVersion, type Route, type RouteQuery } from './router';
export { type ShadowOutcome, type ShadowSummary, ShadowTraffic } from './shadow-traffic';
export type { Sender } from './sender';
export { chooseVariant } from './split';
export { TRAFFIC_EVENT_TYPES, type TrafficEvent, TrafficEvents } from './traffic-events';
export type { Asked, Permit } from './permit';
