import { Command } from 'commander';
import { FolderStore, readPrivateKey, signVersion, SIGNATURE_FILE, type VersionRef } from '#registry';
import type { SignatureDefaults } from '../environment';
import { type OutputOptions, print, withOutputOptions } from '../output/format';
import { parseVersionRef } from '../parse';
import { knownVersion } from '../registry/known-version';
import { folderAlone, type RegistryDefaults } from '../registry/open-registry';

interface SignOptions extends OutputOptions {
  registry?: string;
  privateKey: string;
}

/** In a folder only: the private key is needed for it, and is nothing to be sent to a server. */
export function signCommand(defaults: RegistryDefaults, { passphrase }: SignatureDefaults): Command {
  const sign = new Command('sign')
    .description(`Signs all files of a version, as they are, and puts the signature beside them, as ${SIGNATURE_FILE}.`)
    .argument('<model>')
    .argument('<version>', 'number or alias', parseVersionRef)
    .requiredOption(
      '--private-key <file>',
      'PEM, of P-256, P-384 or P-521; a passphrase is read from EYRIE_KEY_PASSPHRASE',
    )
    .option('--registry <folder>', 'the model registry (default: MODEL_REGISTRY, or else ./model-registry)')
    .addHelpText(
      'after',
      '\nExample:\n  openssl ecparam -name prime256v1 -genkey -noout -out models.pem\n  openssl ec -in models.pem -pubout -out models.pub\n' +
        '  eyrie models sign resnet-cifar10 2 --private-key models.pem\n  eyrie models verify --public-key models.pub\n\n' +
        'A signature that is there is replaced. Nothing is sent to a server, the key least of all: it reads the signature in its registry.',
    )
    .action(async (model: string, wanted: VersionRef, options: SignOptions) => {
      const registry = folderAlone(options, defaults, 'signs by a private key, which stays where it is,');
      const store = await FolderStore.open(registry);
      const version = await knownVersion(store, model, wanted);
      const key = await readPrivateKey(options.privateKey, passphrase);
      const files = await signVersion(await store.versionFolder(model, version), model, version, key);
      print(options, { model, version, key: key.public.id, files }, () => {
        return `${model} version ${version} is signed by the key ${key.public.id.slice(0, 16)}: ${files.join(', ')}`;
      });
    });
  return withOutputOptions(sign);
}
