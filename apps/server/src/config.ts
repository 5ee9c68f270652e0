import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsString, Matches, MinLength } from 'class-validator';
import type { Limit } from '#core';
import { check, Whole } from '#validation';
import { Described } from './config-description';
import { grpcProblem } from './config-grpc';
import { largestBody } from './overload/largest-body';

const MIB = 1024 * 1024;

/** `"a, b,"` → `["a", "b"]` */
const CommaSeparated = () =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string'
      ? value
          .split(',')
          .map((part) => part.trim())
          .filter((part) => part !== '')
      : value,
  );

const YesNo = () =>
  applyDecorators(
    Transform(({ value }: { value: unknown }): unknown => ({ true: true, false: false })[String(value)] ?? value),
    IsBoolean({ message: 'must be true or false' }),
  );

const API_KEY_DIGEST = /^([A-Za-z0-9_.-]{1,64}:)?[0-9a-f]{64}$/;
const API_KEY_RULE = 'must be SHA-256 digests of 64 lower-case hex digits, each optionally as id:digest';

/** Nothing, or a URL of Redis with nothing in it but user, password, host, port and number of the database. */
const REDIS_URL = /^$|^rediss?:\/\/([^\s/?#@]*@)?([^\s/?#@:[\]]+|\[[0-9a-fA-F:.]+\])(:\d{1,5})?(\/\d{0,4})?$/;

const REDIS_URL_RULE =
  'must be redis://[[user]:password@]host[:port][/database], or rediss://…, with what is special in a URL percent-encoded in user and ' +
  'password: / as %2F, @ as %40, : as %3A, # as %23, ? as %3F, % as %25';

/** What browsers send as Origin: no path, not even a slash. */
const ORIGIN = /^(\*|https?:\/\/[^\s/?#@]+)$/;

/** A name or an address, that of IPv6 in brackets, and a port. */
const HOST =
  /^([a-z0-9.-]+|\[[0-9a-f:.]+\])(:([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?$/;

/**
 * The environment: every variable that Eyrie reads, its default and what it may be. The field names are the
 * variables' names, the order is that of docs/CONFIGURATION.md. Nothing else in the server reads process.env.
 */
export class Config {
  @Described('TCP port; 0 takes any free one, which the log names', { section: 'Server', outsideChart: true })
  @Whole(0, 65535)
  readonly PORT: number = 8000;

  @Described('address to listen on; `127.0.0.1` is reached from this machine only', {
    allowed: 'address',
    outsideChart: true,
  })
  @IsString()
  readonly HOST: string = '0.0.0.0';

  @Described('TCP port of [gRPC](DIALECTS.md#grpc); 0 switches it off', { outsideChart: true })
  @Whole(0, 65535)
  readonly GRPC_PORT: number = 8001;

  @Described('certificate of the gRPC port, as PEM, with those between it and its root; empty: no TLS', {
    allowed: 'file',
    outsideChart: true,
  })
  @IsString()
  readonly GRPC_TLS_CERT_FILE: string = '';

  @Described('its private key, as PEM', { allowed: 'file', outsideChart: true })
  @IsString()
  readonly GRPC_TLS_KEY_FILE: string = '';

  @Described('who signs the certificates of clients, as PEM; with it, a client without one is turned away', {
    allowed: 'file',
    outsideChart: true,
  })
  @IsString()
  readonly GRPC_TLS_CLIENT_CA_FILE: string = '';

  @Described('`name` in every log line', { allowed: 'text' })
  @IsString()
  @MinLength(1)
  readonly APP_NAME: string = 'eyrie';

  @Described("least severe lines that are logged; at `debug` also probes, scrapes and Nest's own messages")
  @IsIn(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
  readonly LOG_LEVEL: string = 'info';

  @Described(
    'how lines of the log look: JSON, for people (`pretty`), or `auto`: for people on a terminal, JSON elsewhere',
  )
  @IsIn(['auto', 'json', 'pretty'])
  readonly LOG_FORMAT: 'auto' | 'json' | 'pretty' = 'auto';

  @Described(
    'how long connections are still accepted after SIGTERM, while `/health/ready` says 503; less than the next one',
    { outsideChart: true },
  )
  @Whole(0, 600_000)
  readonly SHUTDOWN_DELAY_MS: number = 0;

  @Described('the longest that a shutdown may take, the delay included; what runs longer is cut', {
    outsideChart: true,
  })
  @Whole(0, 3_600_000)
  readonly SHUTDOWN_GRACE_MS: number = 25_000;

  @Described("how many reverse proxies stand in front, so that the client's address is taken from `X-Forwarded-For`")
  @Whole(0, 10)
  readonly TRUST_PROXY_HOPS: number = 0;

  @Described('origins whose pages may call the API from a browser; `*` for all; empty sends no CORS headers', {
    allowed: 'list of origins',
  })
  @CommaSeparated()
  @Matches(ORIGIN, { each: true, message: 'must be origins such as https://shop.example, without a path, or *' })
  readonly CORS_ORIGINS: string[] = [];

  @Described('whether `/console` and its files are served; `/` leads browsers there, or else shows a plain page')
  @IsIn(['on', 'off'])
  readonly CONSOLE: 'on' | 'off' = 'on';

  @Described('where the models are', { section: 'Models', allowed: 'folder', outsideChart: true })
  @IsString()
  @MinLength(1)
  readonly MODEL_REGISTRY: string = './model-registry';

  @Described(
    'the model of requests that name none; empty: what `registry.json` says, else the first by name at the start, ' +
      '[kept](REGISTRY.md#a-running-server)',
    { allowed: 'name of a model' },
  )
  @IsString()
  readonly MODEL_NAME: string = '';

  @Described("ONNX Runtime's execution provider; see the note below")
  @IsIn(['cpu', 'cuda'])
  readonly MODEL_DEVICE: 'cpu' | 'cuda' = 'cpu';

  @Described('which versions are loaded: those that a policy names, all that there are, or none until asked for')
  @IsIn(['routed', 'all', 'explicit'])
  readonly LOAD: 'routed' | 'all' | 'explicit' = 'routed';

  @Described(
    'what must be servable for a start: `routed`, all that a policy names; `all`, every version that is loaded, and nothing may be passed over; `any`, one model, and the others are served once they can be',
  )
  @IsIn(['routed', 'all', 'any'])
  readonly REQUIRE: 'routed' | 'all' | 'any' = 'routed';

  @Described('a request for a version that is not loaded waits until it is; otherwise it gets 503 `MODEL_NOT_READY`')
  @YesNo()
  readonly LOAD_ON_DEMAND: boolean = false;

  @Described(
    'what the workers of all loaded versions may use together before one that was loaded on demand has to go; 0 sets no limit',
  )
  @Whole(0)
  readonly LOAD_MEMORY_BYTES: number = 0;

  @Described('pause between two looks at the registry; 0 looks once, at the start')
  @Whole(0, 86_400)
  readonly REGISTRY_POLL_SECONDS: number = 5;

  @Described(
    'how long a worker may take to load a model, from the start of its process until it has run once; then it is ended, and the load has failed. What serves goes on meanwhile',
  )
  @Whole(1000, 3_600_000)
  readonly LOAD_TIMEOUT_MS: number = 120_000;

  @Described(
    'the longest silence of the storage of the registry; then what was asked of it fails with `REGISTRY_UNAVAILABLE`, and it is asked again at the next look',
  )
  @Whole(100, 600_000)
  readonly REGISTRY_TIMEOUT_MS: number = 10_000;

  @Described(
    'public keys whose [signatures](REGISTRY.md#signed-versions) of versions count, as PEM; with any, a version that has a signature must have a right one; without, signatures are not looked at',
    { allowed: 'list of files, or of folders of files', outsideChart: true },
  )
  @CommaSeparated()
  @IsString({ each: true })
  readonly MODEL_PUBLIC_KEYS: string[] = [];

  @Described('whether a version without a signature is loaded; `required` needs `MODEL_PUBLIC_KEYS`', {
    outsideChart: true,
  })
  @IsIn(['optional', 'required'])
  readonly MODEL_SIGNATURES: 'optional' | 'required' = 'optional';

  @Described('classes in an answer when the request does not give `top_k`; never more than the model has', {
    section: 'Requests',
  })
  @Whole(1, 1000)
  readonly TOP_K_PREDICTIONS: number = 5;

  @Described('size of one image file; more is refused with 413 while it is read')
  @Whole(1)
  readonly MAX_IMAGE_BYTES: number = 10 * MIB;

  @Described("width × height by the image's header; more is refused with 413 before it is decoded")
  @Whole(1)
  readonly MAX_IMAGE_PIXELS: number = 50_000_000;

  @Described(
    'CPU time that decoding an image may take, as [estimated from its header](PERFORMANCE.md#what-decoding-costs); more is refused with 413 before it is decoded',
  )
  @Whole(1, 3_600_000)
  readonly MAX_DECODE_MS: number = 1_500;

  @Described('memory that decoding an image may take, estimated in the same way; more is refused with 413')
  @Whole(MIB)
  readonly MAX_DECODE_BYTES: number = 256 * MIB;

  @Described('images, or tensors, in one batch request')
  @Whole(1, 1000)
  readonly MAX_BATCH_ITEMS: number = 32;

  @Described('rows in one batch request to a model of tables, be it JSON or CSV')
  @Whole(1, 100_000)
  readonly MAX_TABLE_ROWS: number = 10_000;

  @Described('all image files of a batch request together; images given by URL do not count')
  @Whole(1)
  readonly MAX_REQUEST_BYTES: number = 64 * MIB;

  @Described(
    'the tensors of one answer; a request for more fails with `INVALID_REQUEST`. What a version answers may be many times as large as what it was asked',
  )
  @Whole(65_536)
  readonly MAX_ANSWER_BYTES: number = 64 * MIB;

  @Described(
    'all bodies of requests that are being read or answered, large answers too, together; what does not fit is refused with 503 before it is read. ' +
      '0 takes an eighth of the memory, at least 128 MiB and one request, at most 512 MiB',
  )
  @Whole(0)
  readonly BODY_BUDGET_BYTES: number = 0;

  @Described(
    'requests under way at the same time, without probes and what needs an admin key; then 503; 0 sets no limit',
  )
  @Whole(0)
  readonly MAX_CONCURRENT_REQUESTS: number = 1024;

  @Described(
    'open connections; beyond it the longest idle are closed, then requests on new ones get 503. 0 takes 4096 for each GiB of memory, at ' +
      'most 10000 and what the limit of file descriptors leaves; more than that is never taken',
  )
  @Whole(0)
  readonly MAX_CONNECTIONS: number = 0;

  @Described('from the moment that the body is there to the answer; then 504')
  @Whole(1, 3_600_000)
  readonly REQUEST_TIMEOUT_MS: number = 10_000;

  @Described('how long the headers, and then the body, may take to arrive, and a client may take nothing of its answer')
  @Whole(100, 3_600_000)
  readonly BODY_TIMEOUT_MS: number = 30_000;

  @Described('POST requests a minute from one address; then 429; 0 sets no limit. Counted in each process by itself')
  @Whole(0)
  readonly RATE_LIMIT_PER_MINUTE: number = 0;

  @Described('what the answers kept in this process may take; the least recently asked go first; 0 keeps none', {
    section: 'Cache',
  })
  @Whole(0)
  readonly CACHE_MAX_BYTES: number = 64 * MIB;

  @Described('how long an answer is kept, here and in Redis')
  @Whole(1, 31_536_000)
  readonly CACHE_TTL_SECONDS: number = 86_400;

  @Described(
    'a Redis in which all replicas keep their answers, as `redis://[[user]:password@]host[:port][/database]`; empty uses none',
    { allowed: 'URL, `redis://` or `rediss://`' },
  )
  @IsString()
  @Matches(REDIS_URL, { message: REDIS_URL_RULE })
  readonly REDIS_URL: string = '';

  @Described('the longest that a request waits for Redis; then Redis counts as away until it answers again')
  @Whole(1, 10_000)
  readonly REDIS_TIMEOUT_MS: number = 50;

  @Described('whether images may be given by URL', { section: 'Images by URL' })
  @YesNo()
  readonly URL_IMAGES: boolean = true;

  @Described('hosts that may be fetched from although their address is not public', {
    allowed: 'list of `host` or `host:port`, lower case',
  })
  @CommaSeparated()
  @Matches(HOST, { each: true, message: 'must be host names, lower case, each with a port up to 65535 or none' })
  readonly URL_ALLOWED_HOSTS: string[] = [];

  @Described('for one image: DNS, connecting, redirects and the body together')
  @Whole(1, 600_000)
  readonly URL_TIMEOUT_MS: number = 5_000;

  @Described(
    'all files of a version that is [uploaded](API.md#adding-a-version) together; more is refused with 413; 0 switches uploads off',
    { section: 'Uploads' },
  )
  @Whole(0)
  readonly UPLOAD_MAX_BYTES: number = 1024 * MIB;

  @Described('how long an upload may take to arrive')
  @Whole(1_000, 86_400_000)
  readonly UPLOAD_TIMEOUT_MS: number = 3_600_000;

  @Described('how long the check of an uploaded version, or of a model that is there, may take')
  @Whole(1_000, 3_600_000)
  readonly CHECK_TIMEOUT_MS: number = 300_000;

  @Described('what a check may take, its workers included, beside the server; it is ended when it takes more')
  @Whole(64 * MIB)
  readonly CHECK_MEMORY_BYTES: number = 4096 * MIB;

  @Described('keys that may do everything', {
    section: 'API keys',
    allowed: 'list of `digest` or `id:digest`',
    outsideChart: true,
  })
  @CommaSeparated()
  @Matches(API_KEY_DIGEST, { each: true, message: API_KEY_RULE })
  readonly ADMIN_API_KEYS: string[] = [];

  @Described('keys that may ask for predictions, and look', {
    allowed: 'list of `digest` or `id:digest`',
    outsideChart: true,
  })
  @CommaSeparated()
  @Matches(API_KEY_DIGEST, { each: true, message: API_KEY_RULE })
  readonly PREDICT_API_KEYS: string[] = [];

  @Described('keys that may only look at models, policies and events', {
    allowed: 'list of `digest` or `id:digest`',
    outsideChart: true,
  })
  @CommaSeparated()
  @Matches(API_KEY_DIGEST, { each: true, message: API_KEY_RULE })
  readonly READ_API_KEYS: string[] = [];

  @Described('whether predictions, and looking, need a key')
  @IsIn(['open', 'required'])
  readonly PREDICT_AUTH: 'open' | 'required' = 'open';
}

/** The environment holds a value that cannot be used. */
export class ConfigError extends Error {}

/** Names of all variables that Eyrie reads. */
export const CONFIG_KEYS = Object.keys(new Config()) as (keyof Config)[];

/** A setting as what bounds a request: refusals name it. */
export function limitOf<Key extends keyof Config>(config: Record<Key, number>, setting: Key): Limit {
  return { setting, value: config[setting] };
}

/** Reads, checks and freezes the configuration; an empty variable counts as not set. @throws ConfigError */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Readonly<Config> {
  const given = Object.fromEntries(CONFIG_KEYS.filter((key) => env[key]).map((key) => [key, env[key]] as const));
  const checked = check(Config, given);
  if (!checked.ok) {
    const lines = checked.problems.map(({ field, detail }) => {
      const key = field.replace(/\[.*/, '');
      return `${key} ${detail}${shown(key, env[key]!)}`;
    });
    throw new ConfigError([...new Set(lines)].join('; '));
  }
  const config = checked.value;
  requireReadable(config.REDIS_URL);
  if (config.SHUTDOWN_DELAY_MS > 0 && config.SHUTDOWN_DELAY_MS >= config.SHUTDOWN_GRACE_MS) {
    throw new ConfigError(
      `SHUTDOWN_DELAY_MS (${config.SHUTDOWN_DELAY_MS}) is part of SHUTDOWN_GRACE_MS (${config.SHUTDOWN_GRACE_MS}) and must be less, ` +
        'or no time is left for the requests that are under way',
    );
  }
  if (config.BODY_BUDGET_BYTES > 0 && config.BODY_BUDGET_BYTES < largestBody(config)) {
    throw new ConfigError(
      `BODY_BUDGET_BYTES (${config.BODY_BUDGET_BYTES}) is less than one request may have: ${largestBody(config)} bytes, a third more than ` +
        'MAX_REQUEST_BYTES or MAX_IMAGE_BYTES as base64, and 1 MiB; raise the one or lower the others',
    );
  }
  if (config.MODEL_SIGNATURES === 'required' && config.MODEL_PUBLIC_KEYS.length === 0) {
    throw new ConfigError(
      'MODEL_SIGNATURES is "required", but MODEL_PUBLIC_KEYS names no key to check signatures by, so that no version could be loaded',
    );
  }
  const problem = grpcProblem(config);
  if (problem) throw new ConfigError(problem);
  const { PREDICT_AUTH, PREDICT_API_KEYS, ADMIN_API_KEYS } = config;
  if (PREDICT_AUTH === 'required' && PREDICT_API_KEYS.length + ADMIN_API_KEYS.length === 0) {
    throw new ConfigError(
      'PREDICT_AUTH is "required", but there is no key that may predict; "eyrie keys new" makes one, its digest goes ' +
        'into PREDICT_API_KEYS',
    );
  }
  return Object.freeze(config);
}

/** What the log needs to know before the configuration has been checked; what is wrong there counts as not set. */
export function logSettings(env: Readonly<Record<string, string | undefined>>) {
  const known = ['APP_NAME', 'LOG_LEVEL', 'LOG_FORMAT'] as const;
  const usable = known.filter((key) => env[key] && check(Config, { [key]: env[key] }).ok);
  const { APP_NAME, LOG_LEVEL, LOG_FORMAT } = Object.assign(
    new Config(),
    ...usable.map((key) => ({ [key]: env[key] })),
  ) as Config;
  return { name: APP_NAME, level: LOG_LEVEL, format: LOG_FORMAT };
}

/** Its pattern lets through what no URL parser does: a port of 99999, a % that begins nothing. @throws ConfigError */
function requireReadable(url: string): void {
  if (url === '') return;
  try {
    const { username, password } = new URL(url);
    decodeURIComponent(username + password);
  } catch {
    throw new ConfigError(`REDIS_URL ${REDIS_URL_RULE}${shown('REDIS_URL', url)}`);
  }
}

/** What a message says of a value that cannot be used. It goes into logs: what is or may hold a secret is not in it. */
export function shown(name: string, value: string): string {
  if (name.endsWith('_API_KEYS'))
    return '; what it is now is not shown, since it may be a key ("eyrie keys new" makes both)';
  if (/(_URL|_ENDPOINT|_HEADERS)$/.test(name) || value.includes('@'))
    return '; what it is now is not shown, since it may hold a password';
  return `, but it is "${value}"`;
}
