import { invalidField } from '#core';
import type { Config } from '../../../config';
import { limitOf } from '../../../config';
import type { GrpcExchange } from '../../../grpc/exchange';
import { type Parts, ProtoFile } from '../../../grpc/proto-file';
import type { GrpcMethod, GrpcService } from '../../../grpc/services';
import type { ModelsHealth } from '../../../health/models.health';
import { toVersionRef } from '../../../http/model-ref.dto';
import { LARGE_BODY, type Admission } from '../../../serving/admission';
import type { OpenInference } from '../inference';
import { namedBy, type OpenInferenceModels } from '../models';
import type { ChangeParameters, Repository } from '../repository';
import { SERVER } from '../server-description';
import { failedInStream, inStream, writeInferAnswer } from './infer-answer';
import { idOf, readInferMessage } from './infer-message';
import { FILE } from './open-inference.descriptor';

interface Named {
  name: string;
  version: string;
}

interface Change {
  repositoryName: string;
  modelName: string;
  parameters: Readonly<Record<string, { parameterChoice?: string } & Record<string, unknown>>>;
}

export interface Spoken {
  admission: Admission;
  health: ModelsHealth;
  inference: OpenInference;
  models: OpenInferenceModels;
  repository: Repository;
  config: Config;
}

const PACKAGE = 'inference';

/** The methods of the protocol over what its REST form asks, too. */
export function inferenceService({ admission, health, inference, models, repository, config }: Spoken): GrpcService {
  const file = new ProtoFile(FILE, PACKAGE);
  const most = limitOf(config, 'MAX_REQUEST_BYTES');

  /** A method whose messages are small. */
  const small = <Request>(
    name: string,
    access: 'public' | 'read' | 'admin',
    answer: (request: Request, exchange: GrpcExchange) => object | Promise<object>,
  ): Record<string, GrpcMethod> => ({
    [name]: {
      kind: 'unary',
      access,
      answer: async (message, exchange) =>
        file.write(`${name}Response`, await answer(file.read<Request>(`${name}Request`, message), exchange)),
    },
  });

  const infer = async (message: Buffer, exchange: GrpcExchange, isOfStream: boolean): Promise<Parts> => {
    const request = await readInferMessage(message, most);
    const { model, version } = namedBy('model_name', request.modelName, request.modelVersion);
    const asked = { model, version: version === undefined ? undefined : toVersionRef(version) };
    admission.ask(asked, () => message.length > LARGE_BODY, exchange, exchange, exchange.context);
    const answer = await inference.infer(request, exchange, version);
    return writeInferAnswer(answer, isOfStream && request.wantsFinal);
  };

  return {
    name: `${PACKAGE}.GRPCInferenceService`,
    file,
    methods: {
      ...small('ServerLive', 'public', () => ({ live: true })),
      ...small('ServerReady', 'public', () => ({ ready: health.isReady })),
      ...small('ServerMetadata', 'read', () => SERVER),
      ...small<Named>('ModelReady', 'read', ({ name, version }) => ({
        ready: models.isReady(namedBy('name', name, version)),
      })),
      ...small<Named>('ModelMetadata', 'read', ({ name, version }, exchange) =>
        models.metadata(namedBy('name', name, version), exchange),
      ),
      ...small<Named>('ModelConfig', 'read', async ({ name, version }, exchange) => ({
        config: inCamelCase(await models.configuration(namedBy('name', name, version), exchange)),
      })),
      ...small<Named>('ModelStatistics', 'read', async ({ name, version }) => {
        const statistics = await models.statisticsOf(name === '' ? {} : namedBy('name', name, version));
        return { modelStats: statistics.map((each) => inCamelCase(each)) };
      }),
      ...small<{ repositoryName: string; ready: boolean }>('RepositoryIndex', 'read', ({ ready }) => ({
        models: repository.index(ready),
      })),
      ...small<Change>('RepositoryModelLoad', 'admin', async (change, exchange) => {
        const { model } = namedBy('model_name', change.modelName || change.repositoryName);
        await repository.load(model, parametersOf(change), exchange);
        return { modelName: model, isLoaded: true };
      }),
      ...small<Change>('RepositoryModelUnload', 'admin', async (change, exchange) => {
        const { model } = namedBy('model_name', change.modelName || change.repositoryName);
        await repository.unload(model, parametersOf(change), exchange);
        return { modelName: model, isUnloaded: true };
      }),
      ModelInfer: {
        kind: 'unary',
        access: 'predict',
        isLarge: true,
        answer: (message, exchange) => infer(message, exchange, false),
      },
      ModelStreamInfer: {
        kind: 'paired',
        access: 'predict',
        isLarge: true,
        answer: async (message, exchange) => inStream(await infer(message, exchange, true)),
        failure: (detail, _error, message) => failedInStream(detail, idOf(message)),
      },
    },
  };
}

/** Of its one value each. @throws EyrieError INVALID_REQUEST */
function parametersOf({ parameters }: Change): ChangeParameters {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { parameterChoice, ...values }]) => {
      if (parameterChoice === undefined) throw invalidField(`parameters.${name.slice(0, 100)}`, 'has no value');
      return [name, values[parameterChoice]];
    }),
  );
}

/** The names of fields, as deep as they go. */
function inCamelCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inCamelCase);
  if (typeof value !== 'object' || value === null) return value;
  const named = Object.entries(value).map(([name, inner]) => [
    name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    inCamelCase(inner),
  ]);
  return Object.fromEntries(named) as object;
}
