import type { Logger } from 'pino';
import { isTracingOn, secretsIn } from './settings';
import type { Tracing } from './tracing';

/**
 * Starts sending traces where the environment asks for it; otherwise nothing is loaded.
 *
 * @param service the service's name where the environment gives none
 * @throws ConfigError
 */
export async function startTracing(
  env: Readonly<Record<string, string | undefined>>,
  service: { name: string; version: string },
  logger: Logger,
): Promise<Tracing | undefined> {
  if (!isTracingOn(env)) return undefined;
  const { OtlpTracing } = await import('./otlp-tracing.js');
  return new OtlpTracing(service, logger, secretsIn(env));
}
