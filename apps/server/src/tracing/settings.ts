import { ConfigError, shown } from '../config';

type Env = Readonly<Record<string, string | undefined>>;

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
];

/**
 * Whether traces are sent. The variables are OpenTelemetry's own, and its SDK reads them; those that it would pass
 * over in silence, or that ask for what is not built in, are refused here.
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 *
 * @throws ConfigError
 */
export function isTracingOn(env: Env): boolean {
  const endpoints = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'].filter((name) => env[name]);
  const isOff = env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || env.OTEL_TRACES_EXPORTER === 'none';
  if (endpoints.length === 0 || isOff) return false;
  for (const name of endpoints) requireUrl(env, name);
  requireProtobuf(env);
  requireSampler(env);
  return true;
}

/** What the exporter's own messages must not say: values of headers, and who logs in by a URL. */
export function secretsIn(env: Env): string[] {
  const headers = ['OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_EXPORTER_OTLP_TRACES_HEADERS'].flatMap((name) =>
    (env[name] ?? '').split(',').map((header) => header.slice(header.indexOf('=') + 1).trim()),
  );
  const endpoints = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'].flatMap((name) => {
    const user = /:\/\/(.*)@/.exec(env[name] ?? '')?.[1];
    return user === undefined ? [] : [user];
  });
  return [...headers, ...endpoints]
    .flatMap((secret) => [secret, decoded(secret)])
    .filter((secret) => secret.length > 3);
}

/** As the exporter reads a header's value. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function requireUrl(env: Env, name: string): void {
  const text = env[name]!;
  const protocol = URL.canParse(text) ? new URL(text).protocol : '';
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw new ConfigError(`${name} must be a URL such as http://collector:4318${shown(name, text)}`);
  }
}

function requireProtobuf(env: Env): void {
  for (const name of ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL']) {
    if (!env[name] || env[name] === 'http/protobuf') continue;
    throw new ConfigError(
      `${name} must be http/protobuf (which collectors take on port 4318), but it is "${env[name]}"`,
    );
  }
}

function requireSampler(env: Env): void {
  const { OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: arg } = env;
  if (sampler && !SAMPLERS.includes(sampler)) {
    throw new ConfigError(`OTEL_TRACES_SAMPLER must be one of ${SAMPLERS.join(', ')}, but it is "${sampler}"`);
  }
  if (!sampler?.endsWith('traceidratio')) return;
  const ratio = arg ? Number(arg) : NaN;
  if (!(ratio >= 0 && ratio <= 1)) {
    throw new ConfigError(
      `OTEL_TRACES_SAMPLER_ARG must be the share of traces to keep, 0 to 1, but it is "${arg ?? ''}"`,
    );
  }
}
