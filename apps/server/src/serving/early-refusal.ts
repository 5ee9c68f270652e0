import { Inject, Injectable } from '@nestjs/common';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { ApiAccess } from '../auth/api-access';
import type { Config } from '../config';
import { discardBody } from '../http/discard-body';
import { problem, PROBLEM_TYPE, PROBLEMS } from '../http/problem';
import { lacksHost, requestIdOf } from '../http/request-context';
import { SECURITY_HEADERS } from '../http/security-headers';
import { logRequest } from '../logging';
import { HttpMetrics } from '../metrics/http.metrics';
import type { FindRoute } from '../openapi/routes';
import { CONFIG, LOGGER } from '../settings';
import { toVersionRef } from '../dialects/eyrie/predict.dto';
import { factsOf } from '../dialects/eyrie/prediction-report';
import { PredictionService } from './prediction.service';
import { routingKeyOf } from './question';

/** The paths of predictions, as long as there is nothing in them that has to be decoded or checked first. */
const PLAIN_PATH = /^(?:\/v1)?\/predict(?:\/batch)?$|^\/v1\/models\/([\w.-]+)(?:\/versions\/([\w.-]+))?\/predict$/;

/**
 * Refuses predictions that there is no room for before Express and Nest see them. An overloaded server refuses several requests for
 * each one that it answers, and what that costs is missing for answers. What the client, the log and the
 * metrics are told is what the long way would have told them. Requests that need more than this looks at take that way.
 */
@Injectable()
export class EarlyRefusal {
  constructor(
    private readonly predictions: PredictionService,
    private readonly access: ApiAccess,
    private readonly metrics: HttpMetrics,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * @param application the listener of the server that is to see only what is not refused here
   * @param find the route of a path
   */
  standBefore(application: RequestListener, server: Server, find: FindRoute): void {
    // A refusal counts towards the limit, too.
    if (this.config.RATE_LIMIT_PER_MINUTE > 0) return;
    server.off('request', application);
    server.on('request', (req, res) => {
      if (!this.refuses(req, res, find)) void application(req, res);
    });
  }

  private refuses(req: IncomingMessage, res: ServerResponse, find: FindRoute): boolean {
    const started = performance.now();
    const asked = plainlyAsked(req);
    if (!asked) return false;
    const { isAllowed, key } = this.access.toPredict(req.headers);
    const refused = isAllowed ? this.predictions.refusalOf(asked) : undefined;
    if (!refused) return false;

    const { route, refusal } = refused;
    const { code, message, retryAfterSeconds } = refusal;
    const requestId = requestIdOf(req.headers);
    const body = JSON.stringify(problem(code, message, requestId));
    const { headers, logged } = factsOf(route);
    res.once('close', () => {
      const { method = '', url: path = '' } = req;
      const facts = { ...(key && { key_id: key.id }), ...logged, code, detail: message };
      logRequest(this.logger, 'error', { requestId, method, path, facts, res }, started);
      this.metrics.closed(req, res, find(path)!.template, performance.now() - started);
    });
    discardBody(req);
    res.writeHead(PROBLEMS[code].status, {
      'X-Request-Id': requestId,
      ...SECURITY_HEADERS,
      ...headers,
      'Retry-After': String(retryAfterSeconds),
      'Content-Type': PROBLEM_TYPE,
      'Content-Length': Buffer.byteLength(body),
    });
    res.end(body);
    return true;
  }
}

/** Who is asked, where the path alone says it; undefined for what is no prediction, or one that needs a closer look. */
function plainlyAsked(req: IncomingMessage) {
  // Of another origin: headers depend on it.
  if (req.method !== 'POST' || req.headers.origin !== undefined || lacksHost(req)) return undefined;
  const found = PLAIN_PATH.exec(req.url!);
  if (!found) return undefined;
  const [, model, version] = found;
  return { model, version: version === undefined ? undefined : toVersionRef(version), routingKey: routingKeyOf(req) };
}
