import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge } from 'prom-client';
import { Connections } from '../http/connections';
import { ACTIONS } from '../overload/actions';
import { BodyBudget } from '../overload/body-budget';
import { Overload } from '../overload/overload';
import { RequestLimit } from '../overload/request-limit';
import { Shed } from '../overload/shed';

/** What is short, and what is refused for it. */
@Injectable()
export class OverloadMetrics {
  constructor(
    private readonly overload: Overload,
    private readonly bodies: BodyBudget,
    private readonly connections: Connections,
    private readonly requests: RequestLimit,
    private readonly shed: Shed,
    @InjectMetric('overload_pressure_ratio') private readonly pressure: Gauge,
    @InjectMetric('overload_action') private readonly action: Gauge,
    @InjectMetric('requests_shed_total') private readonly shedTotal: Counter,
    @InjectMetric('http_requests_in_progress') private readonly inProgress: Gauge,
    @InjectMetric('http_connections') private readonly open: Gauge,
    @InjectMetric('http_connections_limit') private readonly openLimit: Gauge,
    @InjectMetric('http_connections_closed_total') private readonly closedTotal: Counter,
    @InjectMetric('request_body_bytes') private readonly bodyBytes: Gauge,
    @InjectMetric('request_body_budget_bytes') private readonly bodyBudget: Gauge,
  ) {}

  /** Brings them up to date. */
  sample(): void {
    for (const [resource, value] of Object.entries(this.overload.pressures)) this.pressure.set({ resource }, value);
    for (const action of ACTIONS) this.action.set({ action }, this.overload.isTaken(action) ? 1 : 0);
    set(this.shedTotal, this.shed.counts);
    set(this.closedTotal, this.connections.closed);
    this.inProgress.set(this.requests.count);
    this.open.set(this.connections.count);
    this.openLimit.set(this.connections.limit);
    this.bodyBytes.set(this.bodies.used);
    this.bodyBudget.set(this.bodies.limit);
  }
}

/** What has been counted elsewhere, where a count costs nothing. */
function set(counter: Counter, counts: Readonly<Record<string, number>>): void {
  counter.reset();
  for (const [reason, count] of Object.entries(counts)) counter.inc({ reason }, count);
}
