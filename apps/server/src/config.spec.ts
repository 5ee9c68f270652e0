import { parse } from 'dotenv';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Config, CONFIG_KEYS, ConfigError, readConfig } from './config';
import { describeVariables } from './config-description';

const ROOT = join(__dirname, '../../..');
const DEFAULTS = { ...new Config() };

describe('readConfig', () => {
  it('gives the defaults when nothing is set', () => {
    expect({ ...readConfig({}) }).toEqual(DEFAULTS);
  });

  it('takes an empty variable for one that is not set', () => {
    const empty = Object.fromEntries(CONFIG_KEYS.map((key) => [key, '']));
    expect({ ...readConfig(empty) }).toEqual(DEFAULTS);
  });

  it('ignores the variables of others', () => {
    expect(readConfig({ PATH: '/bin', EYRIE_NO_SUCH: 'x' })).not.toHaveProperty('PATH');
  });

  it('gives an object that nobody can change', () => {
    const config = readConfig({});
    expect(Object.isFrozen(config)).toBe(true);
    expect(() => Object.assign(config, { PORT: 1 })).toThrow(TypeError);
  });

  it.each([
    ['PORT', '9000', 9000],
    ['RATE_LIMIT_PER_MINUTE', '0', 0],
    ['APP_NAME', 'cats', 'cats'],
    ['LOAD', 'all', 'all'],
    ['URL_IMAGES', 'false', false],
    ['URL_IMAGES', 'true', true],
    ['CORS_ORIGINS', ' https://a.example, https://b.example ,', ['https://a.example', 'https://b.example']],
    ['REDIS_URL', 'rediss://me:p%40ss@cache.internal:6380/2', 'rediss://me:p%40ss@cache.internal:6380/2'],
    ['REDIS_URL', 'redis://[::1]', 'redis://[::1]'],
    ['URL_ALLOWED_HOSTS', 'images.internal,10.0.0.7:8080,[fd00::1]', ['images.internal', '10.0.0.7:8080', '[fd00::1]']],
  ] as const)('reads %s=%s', (key, text, value) => {
    expect(readConfig({ [key]: text })[key]).toEqual(value);
  });

  it('does not require signatures that nothing can be checked by', () => {
    const required = { MODEL_SIGNATURES: 'required' };
    expect(() => readConfig(required)).toThrow(/MODEL_PUBLIC_KEYS names no key/);
    expect(readConfig({ ...required, MODEL_PUBLIC_KEYS: 'a.pub' }).MODEL_PUBLIC_KEYS).toEqual(['a.pub']);
  });

  it.each([
    ['PORT', 'http', 'a word for a number'],
    ['PORT', '80.5', 'a fraction'],
    ['PORT', '-1', 'a number below the range'],
    ['PORT', '65536', 'a number above the range'],
    ['MAX_IMAGE_BYTES', '10MB', 'a number with a unit'],
    ['REQUEST_TIMEOUT_MS', 'Infinity', 'a number without end'],
    ['LOG_LEVEL', 'loud', 'a word that is not on the list'],
    ['MODEL_DEVICE', 'CPU', 'a choice in capitals'],
    ['URL_IMAGES', 'yes', 'neither true nor false'],
    ['CACHE_MAX_BYTES', '64MB', 'a number with a unit'],
    ['URL_ALLOWED_HOSTS', 'ok.example,https://a.example/x', 'a URL for a host'],
    ['URL_ALLOWED_HOSTS', 'a.example:99999', 'a port that cannot be'],
    ['CORS_ORIGINS', 'shop.example', 'an origin without a scheme'],
    ['CORS_ORIGINS', 'https://shop.example/', 'an origin with a path'],
    ['LOAD_ON_DEMAND', '1', 'neither true nor false'],
    ['MAX_IMAGE_BYTES', '9999999999999999', 'more than numbers can count'],
  ])('refuses %s=%s: %s', (key, text) => {
    expect(() => readConfig({ [key]: text })).toThrow(ConfigError);
    expect(() => readConfig({ [key]: text })).toThrow(new RegExp(`^${key} .*, but it is "${escaped(text)}"`));
  });

  it.each([
    ['redis://me:hunter2@host/x', 'a word for the number of the database'],
    ['redis://me:hunter2/7@host', 'a slash in the password'],
    ['redis://me:hunter2#7@host', 'a # in the password'],
    ['redis://me:hunter2@7@host', 'an @ in the password'],
    ['redis://me:hunter2%zz@host', 'a % that begins nothing'],
    ['redis://me:hunter2@host:99999', 'a port that cannot be'],
    ['http://me:hunter2@host', 'another scheme'],
    ['me:hunter2@host:6379', 'no scheme'],
    ['//hunter2', 'next to nothing'],
  ])('refuses REDIS_URL=%s, %s, without showing it', (REDIS_URL) => {
    expect(() => readConfig({ REDIS_URL })).toThrow(/^REDIS_URL must be redis:.*percent-encoded.*is not shown/);
    expect(() => readConfig({ REDIS_URL })).not.toThrow(/hunter2/);
  });

  it.each(['CORS_ORIGINS', 'URL_ALLOWED_HOSTS', 'PORT'])('does not show who logs in by a URL in %s', (name) => {
    expect(() => readConfig({ [name]: 'https://me:hunter2@host' })).toThrow(ConfigError);
    expect(() => readConfig({ [name]: 'https://me:hunter2@host' })).not.toThrow(/hunter2/);
  });

  it('does not show what may be a key', () => {
    for (const name of ['ADMIN_API_KEYS', 'PREDICT_API_KEYS', 'READ_API_KEYS']) {
      expect(() => readConfig({ [name]: 'eyrie_hunter2' })).toThrow(new RegExp(`^${name} must be SHA-256 digests`));
      expect(() => readConfig({ [name]: 'eyrie_hunter2' })).not.toThrow(/hunter2/);
    }
  });

  it.each([
    ['PORT', 'http', 'PORT must be a whole number from 0 to 65535, but it is "http"'],
    ['MAX_IMAGE_BYTES', '0', 'MAX_IMAGE_BYTES must be a whole number of at least 1, but it is "0"'],
    ['LOAD_ON_DEMAND', '1', 'LOAD_ON_DEMAND must be true or false, but it is "1"'],
  ])('says in one sentence what %s=%s should be', (key, text, message) => {
    expect(() => readConfig({ [key]: text })).toThrow(new RegExp(`^${escaped(message)}$`));
  });

  it('refuses a delay that leaves nothing of the time for a shutdown', () => {
    const shutdown = (delay: string, grace: string) => () =>
      readConfig({ SHUTDOWN_DELAY_MS: delay, SHUTDOWN_GRACE_MS: grace });
    expect(shutdown('3000', '2000')).toThrow(/^SHUTDOWN_DELAY_MS \(3000\) is part of SHUTDOWN_GRACE_MS \(2000\)/);
    expect(shutdown('2000', '2000')).toThrow(ConfigError);
    expect(shutdown('1999', '2000')).not.toThrow();
    expect(shutdown('0', '0')).not.toThrow();
  });

  it('refuses to require keys where none may predict', () => {
    const keys = (env: Record<string, string>) => () => readConfig({ PREDICT_AUTH: 'required', ...env });
    const digest = 'a'.repeat(64);
    expect(keys({})).toThrow(/^PREDICT_AUTH is "required", but there is no key that may predict; .*PREDICT_API_KEYS$/);
    expect(keys({ READ_API_KEYS: digest })).toThrow(ConfigError);
    expect(keys({ PREDICT_API_KEYS: digest })).not.toThrow();
    expect(keys({ ADMIN_API_KEYS: digest })).not.toThrow();
  });

  it('names every variable that is wrong at once', () => {
    expect(() => readConfig({ LOAD: 'some', TOP_K_PREDICTIONS: '0', URL_IMAGES: '1' })).toThrow(
      /LOAD .*TOP_K_PREDICTIONS .*URL_IMAGES /,
    );
  });
});

describe('describeVariables', () => {
  const variables = describeVariables(Config);
  const text = (name: string) => variables.find((one) => one.name === name)!;

  it('has every variable, with a meaning and its section', () => {
    expect(variables.map(({ name }) => name)).toEqual(CONFIG_KEYS);
    for (const { meaning, section } of variables) expect([meaning, section]).not.toContain('');
  });

  it.each(variables)('says the default of $name', ({ name, default: fallback }) => {
    const key = name as keyof Config;
    expect(readConfig({ [key]: fallback })[key]).toEqual(DEFAULTS[key]);
  });

  it.each([
    ['PORT', '0 to 65535'],
    ['MAX_IMAGE_BYTES', '1 or more'],
    ['LOAD', '`routed`, `all` or `explicit`'],
    ['URL_IMAGES', '`true` or `false`'],
    ['HOST', 'address'],
  ])('says what %s may be: %s', (name, allowed) => {
    expect(text(name).allowed).toBe(allowed);
  });

  it('refuses a variable without a description', () => {
    class Other {
      readonly NEW: number = 1;
    }
    expect(() => describeVariables(Other)).toThrow('NEW is not described');
  });
});

describe('.env.example', () => {
  const text = readFileSync(join(ROOT, '.env.example'), 'utf8');

  it('changes nothing as it stands', () => {
    expect(parse(text)).toEqual({});
  });

  it('has every variable with its default', () => {
    const settings = parse(text.replace(/^#(?=[A-Z_]+=)/gm, ''));
    expect(Object.keys(settings).sort()).toEqual([...CONFIG_KEYS].sort());
    expect({ ...readConfig(settings) }).toEqual(DEFAULTS);
  });
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
