import { deadlineIn, namingDeadline } from '#core';
import { Inject, Injectable } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiAccess } from '../auth/api-access';
import { isRateLimited } from '../auth/route-access';
import { limitOf, type Config } from '../config';
import type { Incoming, Outgoing } from '../http/exchange';
import type { Gate } from '../http/first-stage';
import { Forwarded } from '../http/forwarded';
import { announcedBytes } from '../http/metered-body';
import type { RequestContext } from '../http/request-context';
import { BodyAdmission } from '../overload/body-admission';
import { Overload } from '../overload/overload';
import { RequestLimit } from '../overload/request-limit';
import { CONFIG } from '../settings';
import type { Asked, Permit, Sender } from '#routing';
import { Permits, senderOf, tellRoute } from './permit';
import { InferenceCache } from './inference-cache';
import { PredictionOutcomes } from './prediction-outcomes';
import { RateLimit, tellQuota } from './rate-limit';

/** A body of more bytes is costly. */
export const LARGE_BODY = 1024 * 1024;

/** Reads from path and query whom a request asks; undefined where they are not valid, which its controller says then. */
export type ReadAsked = (context: Pick<RequestContext, 'parameters' | 'query'>) => Asked | undefined;

/** The routes of a dialect that ask for predictions, by their templates. All of them are POST. */
export type PredictionRoutes = Readonly<Record<string, ReadAsked>>;

/**
 * Takes requests on, before their bodies are read: access and rate limit, as the route declares them; of predictions also who
 * answers, and whether there is room. What has been decided here is kept in the request's context and decided nowhere else.
 */
@Injectable()
export class Admission implements Gate {
  private readonly routes = new Map<string, ReadAsked>();
  private readonly costly = new Set<string>();
  private readonly rateLimit: RateLimit | undefined;

  constructor(
    private readonly access: ApiAccess,
    private readonly permits: Permits,
    private readonly cache: InferenceCache,
    private readonly outcomes: PredictionOutcomes,
    private readonly forwarded: Forwarded,
    private readonly requests: RequestLimit,
    private readonly bodies: BodyAdmission,
    private readonly overload: Overload,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    const { RATE_LIMIT_PER_MINUTE } = config;
    if (RATE_LIMIT_PER_MINUTE > 0) this.rateLimit = new RateLimit(RATE_LIMIT_PER_MINUTE);
  }

  /** Each dialect names its own. @param costly those of them that ask for much at once: refused first when something is short */
  add(routes: PredictionRoutes, costly: readonly string[] = []): void {
    for (const [template, read] of Object.entries(routes)) this.routes.set(template, read);
    for (const template of costly) this.costly.add(template);
  }

  /**
   * A route that declares nothing is left to the guard that closes it.
   * @throws EyrieError UNAUTHENTICATED, FORBIDDEN, RATE_LIMITED, MODEL_NOT_FOUND, VERSION_NOT_FOUND, MODEL_NOT_READY, OVERLOADED
   */
  admit(req: IncomingMessage, res: ServerResponse, context: RequestContext): void {
    const { access, route } = context;
    this.enter(req, res, context);
    const asked = route === undefined ? undefined : this.routes.get(route)?.(context);
    if (asked) this.ask(asked, () => this.costly.has(route!) || isLarge(req), req, res, context);
    if (access === 'predict') this.bodies.admit(req, res);
  }

  /**
   * Access and rate limit, as the route declares them; one that declares nothing is not taken on by this.
   * @throws EyrieError UNAUTHENTICATED, FORBIDDEN, RATE_LIMITED, OVERLOADED
   */
  enter(req: Incoming, res: Outgoing, context: RequestContext): void {
    const { access } = context;
    if (access === undefined || access === 'public') return;
    this.access.require(access, req, res);
    // Operators get through, whatever happens.
    if (access === 'admin') return;
    this.requests.enter(req, res);
    if (isRateLimited(access)) this.rateLimit?.count(this.forwarded.addressOf(req), (quota) => tellQuota(res, quota));
  }

  /**
   * Who answers a prediction, and whether there is room: its permit, once it is known who is asked. Before its body, where path or
   * query say it; where only the message says it, behind it.
   * @throws EyrieError MODEL_NOT_FOUND, VERSION_NOT_FOUND, MODEL_NOT_READY, OVERLOADED, DEADLINE_EXCEEDED
   */
  ask(asked: Asked, isCostly: () => boolean, req: Incoming, res: Outgoing, context: RequestContext): void {
    this.overload.admit(isCostly);
    context.permit = this.permits.grant(asked, this.senderOf(req, context));
    this.requireRoom(res, context, context.permit);
  }

  /**
   * Only whether there is room now; the queue has the last word when the body is there. Where the answer may be in the
   * cache, the body is read in any case.
   */
  private requireRoom(res: Outgoing, context: RequestContext, permit: Permit): void {
    const { route } = permit;
    if (this.cache.isWorthAsking) return;
    const refusal = route.version.predictor?.refusal(deadlineIn(this.config.REQUEST_TIMEOUT_MS));
    if (!refusal) return;
    tellRoute(res, context.logged, route);
    this.outcomes.notComputed(route, permit.sender, refusal);
    this.outcomes.failed(route, refusal);
    throw namingDeadline(refusal, limitOf(this.config, 'REQUEST_TIMEOUT_MS'));
  }

  private senderOf(req: Incoming, { logged }: RequestContext): Sender {
    return senderOf(req.headers, logged.key_id, this.forwarded.addressOf(req));
  }
}

/** Or may be: nobody knows the length of what is sent in chunks. */
function isLarge(req: IncomingMessage): boolean {
  return (announcedBytes(req) ?? Infinity) > LARGE_BODY;
}
