import { Command } from 'commander';
import type { PolicyEdit } from '#registry';
import {
  abortCanary,
  abortCanaryKeepingShadow,
  promoteCanary,
  setCanaryWeight,
  startCanary,
  USUAL_RULES,
} from '#routing';
import { parseNumber, parseNumbers, parseVersionRef } from '../parse';
import {
  openRegistry,
  withRegistryOptions,
  type RegistryDefaults,
  type RegistryOptions,
} from '../registry/open-registry';
import { pathOf, ServerAccess } from '../registry/server-access';
import { print } from '../output/format';
import { policyReport, printPolicy } from './policy-report';

interface StartOptions extends RegistryOptions {
  version: number | string;
  weight: number;
  guard: boolean;
  steps: number[];
  stepSeconds: number;
  windowSeconds: number;
  minRequests: number;
  maxErrorRate: number;
  maxP95Ratio: number;
  maxDisagreement?: number;
}

interface EndOptions extends RegistryOptions {
  keepShadow?: boolean;
}

interface Events {
  events: { at: string; type: string; detail: string }[];
}

interface GuardAnswer {
  guard: { action: 'hold' | 'promote' | 'roll-back'; reason: string } | null;
}

const ACTIONS = { hold: 'holds', promote: 'promotes', 'roll-back': 'takes it back' };

/** As many events as fit a screen. */
const EVENTS_SHOWN = 10;

export function canaryCommand(defaults: RegistryDefaults): Command {
  const end = (name: string, what: string, editOf: (options: EndOptions) => PolicyEdit): Command =>
    new Command(name)
      .description(what)
      .argument('<model>')
      .addHelpText('after', `\nExample:\n  eyrie canary ${name} resnet-cifar10`)
      .action(async (model: string, options: EndOptions) => {
        const registry = await openRegistry(options, defaults);
        printPolicy(model, await registry.changePolicy(model, editOf(options)), options);
      });
  const abort = end('abort', 'Takes the canary back, at once, and a shadow of its version with it.', (options) =>
    options.keepShadow ? abortCanaryKeepingShadow : abortCanary,
  ).option('--keep-shadow', 'leave a shadow of its version');
  const status = new Command('status')
    .description('Shows the split and, of a running server, what happened to it.')
    .argument('<model>')
    .addHelpText('after', '\nExample:\n  eyrie canary status resnet-cifar10 --server http://localhost:8000')
    .action((model: string, options: RegistryOptions) => showStatus(model, options, defaults));
  return new Command('canary')
    .description('Tries a version on a share of the traffic.')
    .addCommand(withRegistryOptions(startSubcommand(defaults)))
    .addCommand(withRegistryOptions(weightSubcommand(defaults)))
    .addCommand(withRegistryOptions(status))
    .addCommand(withRegistryOptions(end('promote', 'Makes the canary the default, at once.', () => promoteCanary)))
    .addCommand(withRegistryOptions(abort));
}

function startSubcommand(defaults: RegistryDefaults): Command {
  return new Command('start')
    .description('Gives a version a share of the traffic, and lets a guard raise it or take it back.')
    .argument('<model>')
    .requiredOption('--version <version>', 'number or alias of the version to try', parseVersionRef)
    .option('--weight <percent>', 'its share to begin with', parseNumber(0, 100), 5)
    .option('--no-guard', 'leave the weight to people')
    .option('--steps <percents>', 'shares that the guard climbs through', parseNumbers(0, 100), USUAL_RULES.steps)
    .option('--step-seconds <s>', 'how long a step takes at least', parseNumber(1, 86_400), USUAL_RULES.step_s)
    .option('--window-seconds <s>', 'how far back the guard looks', parseNumber(1, 86_400), USUAL_RULES.window_s)
    .option('--min-requests <n>', 'how many requests it takes to judge', parseNumber(1, 1e9), USUAL_RULES.min_requests)
    .option(
      '--max-error-rate <share>',
      'share of failures that is allowed',
      parseNumber(0, 1),
      USUAL_RULES.max_error_rate,
    )
    .option(
      '--max-p95-ratio <ratio>',
      'p95 of the latency, over that of the others',
      parseNumber(0, 1000),
      USUAL_RULES.max_p95_ratio,
    )
    .option('--max-disagreement <share>', 'of a shadow of the same version', parseNumber(0, 1))
    .addHelpText('after', '\nExample:\n  eyrie canary start resnet-cifar10 --version 3 --weight 10')
    .action(async (model: string, options: StartOptions) => {
      const guard = {
        window_s: options.windowSeconds,
        min_requests: options.minRequests,
        max_error_rate: options.maxErrorRate,
        max_p95_ratio: options.maxP95Ratio,
        max_disagreement: options.maxDisagreement,
        steps: options.steps,
        step_s: options.stepSeconds,
      };
      const { version, weight } = options;
      const registry = await openRegistry(options, defaults);
      const edit = startCanary({ version, weight, guard: options.guard ? guard : undefined });
      printPolicy(model, await registry.changePolicy(model, edit), options);
    });
}

function weightSubcommand(defaults: RegistryDefaults): Command {
  return new Command('weight')
    .description('Gives the canary another share of the traffic. A guard goes on from there.')
    .argument('<model>')
    .argument('<percent>', 'its share', parseNumber(0, 100))
    .addHelpText('after', '\nExample:\n  eyrie canary weight resnet-cifar10 25')
    .action(async (model: string, percent: number, options: RegistryOptions) => {
      const registry = await openRegistry(options, defaults);
      printPolicy(model, await registry.changePolicy(model, setCanaryWeight(percent)), options);
    });
}

async function showStatus(model: string, options: RegistryOptions, defaults: RegistryDefaults): Promise<void> {
  const registry = await openRegistry(options, defaults);
  const { policy } = await registry.model(model);
  const path = pathOf(model);
  const server = registry instanceof ServerAccess ? registry : undefined;
  const events = server ? (await server.call<Events>('GET', `${path}/events`)).events : [];
  const guard = server && policy.guard ? (await server.call<GuardAnswer>('GET', `${path}/guard`)).guard : null;
  print(options, { policy, guard, events }, () => {
    const lines = [policyReport(model, policy)];
    if (guard) lines.push(`The guard ${ACTIONS[guard.action]}: ${guard.reason}`);
    else if (policy.guard) {
      lines.push(server ? 'The guard has not looked yet' : 'What the guard sees, a running server knows: --server URL');
    }
    const shown = events.slice(0, EVENTS_SHOWN).map(({ at, type, detail }) => `${at}  ${type}  ${detail}`);
    return [...lines, ...shown].join('\n');
  });
}
