import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { EyrieError } from '#core';
import { ModelRegistry } from '#registry';
import { chooseRoute, type Asked, type Permit, type Route, type Sender } from '#routing';
import type { Outgoing } from '../http/exchange';
import { clientOf } from './rate-limit';

/** Gives permits. Nothing else chooses a route or draws a key. */
@Injectable()
export class Permits {
  constructor(private readonly registry: ModelRegistry) {}

  /** @throws EyrieError MODEL_NOT_FOUND, VERSION_NOT_FOUND, MODEL_NOT_READY while the registry is still empty */
  grant(asked: Asked, sender: Sender, routingKey = sender.routingKey ?? randomUUID()): Permit {
    const { model = this.defaultModel(), version } = asked;
    const route = chooseRoute(this.registry, { model, version, key: routingKey });
    return { ...asked, routingKey, sender, route };
  }

  /**
   * The permit itself while its version can answer; otherwise another one for the same question and key: between permit
   * and answer there is an upload, and a new policy may have had the version unloaded meanwhile.
   * @throws as `grant`
   */
  renewed(permit: Permit): Permit {
    return permit.route.version.isServing ? permit : this.grant(permit, permit.sender, permit.routingKey);
  }

  private defaultModel(): string {
    const name = this.registry.defaultModel;
    if (name) return name;
    throw new EyrieError('MODEL_NOT_READY', 'no model has been loaded yet', { retryAfterSeconds: 2 });
  }
}

/** What tells one client, or request, from another. A key of blanks is none: such clients would all get one variant. */
export function routingKeyOf(headers: IncomingHttpHeaders): string | undefined {
  return headers['x-routing-key']?.toString().trim() || undefined;
}

/** @param address of the client */
export function senderOf(headers: IncomingHttpHeaders, keyId: unknown, address: string): Sender {
  const caller = typeof keyId === 'string' ? `key ${keyId}` : clientOf(address);
  return { caller, routingKey: routingKeyOf(headers) };
}

/** Tells client and log who answers, or would have. */
export function tellRoute(res: Outgoing, logged: Record<string, unknown>, { version, variant }: Route): void {
  res.setHeader('X-Model-Version', String(version.version));
  logged.model = version.model;
  logged.version = version.version;
  if (variant === null) return;
  res.setHeader('X-Model-Variant', variant);
  logged.variant = variant;
}
