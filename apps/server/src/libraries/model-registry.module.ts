import { Module } from '@nestjs/common';
import { InferenceModule } from '#inference/nest';
import { InvalidKeyError, readPublicKeys, type SignatureRules } from '#registry';
import { RegistryModule, type RegistryModuleOptions } from '#registry/nest';
import { WORKER_ENTRY } from '#tasks';
import { type Config, ConfigError, limitOf } from '../config';
import { LoggingRegistryObserver } from '../metrics/registry-observer';
import { RegistryObserverModule } from './registry-observer.module';
import { CONFIG } from '../settings';

/** The models of MODEL_REGISTRY; what becomes of them is logged and counted. */
@Module({
  imports: [
    RegistryModule.registerAsync({
      imports: [
        RegistryObserverModule,
        InferenceModule.registerAsync({
          inject: [CONFIG],
          useFactory: (config: Config) => ({
            workerEntry: WORKER_ENTRY,
            loadTimeout: limitOf(config, 'LOAD_TIMEOUT_MS'),
            readTimeout: limitOf(config, 'REGISTRY_TIMEOUT_MS'),
            maxPixels: config.MAX_IMAGE_PIXELS,
            maxAnswerBytes: config.MAX_ANSWER_BYTES,
            maxPreparation: { ms: config.MAX_DECODE_MS, bytes: config.MAX_DECODE_BYTES },
            device: config.MODEL_DEVICE,
          }),
        }),
      ],
      inject: [CONFIG, LoggingRegistryObserver],
      useFactory: async (config: Config, observer: LoggingRegistryObserver): Promise<RegistryModuleOptions> => ({
        folder: config.MODEL_REGISTRY,
        storageTimeout: limitOf(config, 'REGISTRY_TIMEOUT_MS'),
        load: config.LOAD,
        require: config.REQUIRE,
        onDemand: config.LOAD_ON_DEMAND,
        memoryBytes: config.LOAD_MEMORY_BYTES,
        signatures: await signatureRules(config),
        unloadGraceMs: config.REQUEST_TIMEOUT_MS,
        defaultModel: config.MODEL_NAME,
        observer,
      }),
    }),
  ],
  exports: [RegistryModule],
})
export class ModelRegistryModule {}

/** @throws ConfigError when a key cannot be used: a server that went on would take anybody's signature, or nobody's */
async function signatureRules(config: Config): Promise<SignatureRules | undefined> {
  if (config.MODEL_PUBLIC_KEYS.length === 0) return undefined;
  try {
    const keys = await readPublicKeys(config.MODEL_PUBLIC_KEYS);
    return { keys, required: config.MODEL_SIGNATURES === 'required' };
  } catch (error) {
    if (error instanceof InvalidKeyError) throw new ConfigError(`MODEL_PUBLIC_KEYS: ${error.message}`);
    throw error;
  }
}
