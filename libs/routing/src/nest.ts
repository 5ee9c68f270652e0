// The library's door for a Nest application; whoever is none goes by index.ts, and loads no Nest.
export { RoutingModule, type RoutingOptions } from './routing.module';
export { TrafficEventsModule, type TrafficEventsOptions } from './traffic-events.module';
