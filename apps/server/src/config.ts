import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsString, Matches, Max, Min, MinLength } from 'class-validator';
import { check } from '#validation';

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

/** Number() alone would take `" "`, `0x10` and `1e3` as well. */
const Digits = () =>
  Transform(({ value }: { value: unknown }): unknown =>
    typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value,
  );

const YesNo = () =>
  Transform(({ value }: { value: unknown }): unknown => ({ true: true, false: false })[String(value)] ?? value);

const API_KEY_DIGEST = /^([A-Za-z0-9_.-]{1,64}:)?[0-9a-f]{64}$/;
const API_KEY_RULE = 'must be SHA-256 digests of 64 lower-case hex digits, each optionally as id:digest';

/** Nothing, or a URL of Redis with nothing in it but user, password, host, port and number of the database. */
const REDIS_URL = /^$|^rediss?:\/\/([^\s/?#@]*@)?([^\s/?#@:[\]]+|\[[0-9a-fA-F:.]+\])(:\d{1,5})?(\/\d{0,4})?$/;

/**
 * The environment: every variable that Eyrie reads, its default and what it may be. The field names are the
 * variables' names. Nothing else in the server reads process.env.
 */
export class Config {
  @Digits()
  @IsInt()
  @Min(0)
  @Max(65535)
  readonly PORT: number = 8000;

  @IsString()
  readonly HOST: string = '0.0.0.0';

  @IsString()
  @MinLength(1)
  readonly APP_NAME: string = 'eyrie';

  @IsIn(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
  readonly LOG_LEVEL: string = 'info';

  @IsString()
  @MinLength(1)
  readonly MODEL_REGISTRY: string = './model-registry';

  /** The model of requests that name none; empty: the only one, or the first by name. */
  @IsString()
  readonly MODEL_NAME: string = '';

  @IsIn(['cpu', 'cuda'])
  readonly MODEL_DEVICE: 'cpu' | 'cuda' = 'cpu';

  @IsIn(['routed', 'all', 'explicit'])
  readonly LOAD: 'routed' | 'all' | 'explicit' = 'routed';

  /** A request for a version that is not loaded waits until it is. */
  @YesNo()
  @IsBoolean()
  readonly LOAD_ON_DEMAND: boolean = false;

  /** What all loaded versions may use together before one that was loaded on demand has to go; 0 sets no limit. */
  @Digits()
  @IsInt()
  @Min(0)
  readonly LOAD_MEMORY_BYTES: number = 0;

  /** Seconds between two looks at the registry; 0 never looks again. */
  @Digits()
  @IsInt()
  @Min(0)
  @Max(86_400)
  readonly REGISTRY_POLL_SECONDS: number = 5;

  @Digits()
  @IsInt()
  @Min(1)
  @Max(1000)
  readonly TOP_K_PREDICTIONS: number = 5;

  @Digits()
  @IsInt()
  @Min(1)
  readonly MAX_IMAGE_BYTES: number = 10 * MIB;

  @Digits()
  @IsInt()
  @Min(1)
  readonly MAX_IMAGE_PIXELS: number = 50_000_000;

  @Digits()
  @IsInt()
  @Min(1)
  @Max(1000)
  readonly MAX_BATCH_ITEMS: number = 32;

  /** All images of a batch request together, as they are sent. */
  @Digits()
  @IsInt()
  @Min(1)
  readonly MAX_REQUEST_BYTES: number = 64 * MIB;

  /** How long a request may take once it has arrived. */
  @Digits()
  @IsInt()
  @Min(1)
  @Max(3_600_000)
  readonly REQUEST_TIMEOUT_MS: number = 10_000;

  /** How long a request may take to arrive. */
  @Digits()
  @IsInt()
  @Min(100)
  @Max(3_600_000)
  readonly BODY_TIMEOUT_MS: number = 30_000;

  /** How long the server still accepts connections after SIGTERM, so that load balancers can notice. */
  @Digits()
  @IsInt()
  @Min(0)
  @Max(600_000)
  readonly SHUTDOWN_DELAY_MS: number = 0;

  /** The longest that a shutdown may take, the delay included. */
  @Digits()
  @IsInt()
  @Min(0)
  @Max(3_600_000)
  readonly SHUTDOWN_GRACE_MS: number = 25_000;

  /** Bytes of answers that this process keeps; 0: none. */
  @Digits()
  @IsInt()
  @Min(0)
  readonly CACHE_MAX_BYTES: number = 64 * MIB;

  /** How long an answer is kept. */
  @Digits()
  @IsInt()
  @Min(1)
  @Max(31_536_000)
  readonly CACHE_TTL_SECONDS: number = 86_400;

  /** Where answers are kept for all replicas together; empty: nowhere. */
  @IsString()
  @Matches(REDIS_URL, { message: 'must be redis://host:port or rediss://host:port, as docs/CONFIGURATION.md says' })
  readonly REDIS_URL: string = '';

  /** The longest that a request waits for Redis. */
  @Digits()
  @IsInt()
  @Min(1)
  @Max(10_000)
  readonly REDIS_TIMEOUT_MS: number = 50;

  /** Origins that browsers may call from; `*` for all. */
  @CommaSeparated()
  @IsString({ each: true })
  readonly CORS_ORIGINS: string[] = [];

  /** Whether images may be given by URL. */
  @YesNo()
  @IsBoolean({ message: 'must be true or false' })
  readonly URL_IMAGES: boolean = true;

  /** Hosts, as name or name:port, that may be fetched from although their address is private. */
  @CommaSeparated()
  @Matches(/^[a-z0-9.:[\]-]+$/, { each: true, message: 'must be host names, lower case, comma-separated' })
  readonly URL_ALLOWED_HOSTS: string[] = [];

  @Digits()
  @IsInt()
  @Min(1)
  @Max(600_000)
  readonly URL_TIMEOUT_MS: number = 5_000;

  /** Prediction requests a minute from one address; 0: no limit. */
  @Digits()
  @IsInt()
  @Min(0)
  readonly RATE_LIMIT_PER_MINUTE: number = 0;

  /** SHA-256 digests, in hex, of the keys that may change things; each may be `id:digest`. */
  @CommaSeparated()
  @Matches(API_KEY_DIGEST, { each: true, message: API_KEY_RULE })
  readonly ADMIN_API_KEYS: string[] = [];

  /** The same for keys that may ask for predictions. */
  @CommaSeparated()
  @Matches(API_KEY_DIGEST, { each: true, message: API_KEY_RULE })
  readonly PREDICT_API_KEYS: string[] = [];

  /** Whether predictions need a key. */
  @IsIn(['open', 'required'])
  readonly PREDICT_AUTH: 'open' | 'required' = 'open';

  /** How many reverse proxies stand in front, so that the client's address is taken from X-Forwarded-For. */
  @Digits()
  @IsInt()
  @Min(0)
  @Max(10)
  readonly TRUST_PROXY_HOPS: number = 0;
}

/** The environment holds a value that cannot be used. */
export class ConfigError extends Error {}

/** Names of all variables that Eyrie reads. */
export const CONFIG_KEYS = Object.keys(new Config()) as (keyof Config)[];

/** Reads, checks and freezes the configuration; an empty variable counts as not set. @throws ConfigError */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Readonly<Config> {
  const given = Object.fromEntries(CONFIG_KEYS.filter((key) => env[key]).map((key) => [key, env[key]] as const));
  const checked = check(Config, given);
  if (checked.ok) return Object.freeze(checked.value);
  const lines = checked.problems.map(({ field, detail }) => {
    const key = field.replace(/\[.*/, '');
    return `${key} ${detail}, but it is "${withoutPassword(env[key]!)}"`;
  });
  throw new ConfigError([...new Set(lines)].join('; '));
}

/** The message goes into logs. */
function withoutPassword(value: string): string {
  return value.replace(/(:\/\/)[^/]*@/, '$1***@');
}
