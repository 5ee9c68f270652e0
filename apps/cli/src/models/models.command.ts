import { Command } from 'commander';
import { addCommand } from './add.command';
import { catalogCommand } from './catalog.command';
import type { SignatureDefaults } from '../environment';
import type { RegistryDefaults } from '../registry/open-registry';
import { listCommand, showCommand } from './list.command';
import { loadCommand } from './load.command';
import { pullCommand } from './pull.command';
import { removeCommand } from './remove.command';
import { signCommand } from './sign.command';
import { takeUploadCommand } from './take-upload.command';
import { verifyCommand } from './verify.command';

/**
 * What is done to the models of a registry.
 * @param mirror where the files of the catalog lie, instead of at their URLs
 */
export function modelsCommand(defaults: RegistryDefaults, signatures: SignatureDefaults, mirror?: string): Command {
  return new Command('models')
    .description('The models of a registry.')
    .addCommand(listCommand(defaults))
    .addCommand(showCommand(defaults))
    .addCommand(addCommand(defaults))
    .addCommand(pullCommand(defaults, mirror))
    .addCommand(catalogCommand(defaults))
    .addCommand(removeCommand(defaults))
    .addCommand(verifyCommand(defaults, signatures))
    .addCommand(signCommand(defaults, signatures))
    .addCommand(loadCommand('load', defaults))
    .addCommand(loadCommand('unload', defaults))
    .addCommand(takeUploadCommand(defaults.registry), { hidden: true });
}
