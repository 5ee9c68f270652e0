import { EyrieError } from '#core';
import { ProtoFile } from './proto-file';
import { FILE as v1 } from './reflection-v1.descriptor';
import { FILE as v1alpha } from './reflection-v1alpha.descriptor';
import { GRPC, STATUS } from './status';
import type { GrpcService } from './services';

const VERSIONS = { v1, v1alpha };

interface Asked {
  messageRequest?: string;
  fileByFilename?: string;
  fileContainingSymbol?: string;
  fileContainingExtension?: { containingType: string };
}

/** What is spoken here, for tools: https://github.com/grpc/grpc/blob/master/doc/server-reflection.md */
export function reflectionService(version: keyof typeof VERSIONS, others: readonly GrpcService[]): GrpcService {
  const name = `grpc.reflection.${version}`;
  const own = new ProtoFile(VERSIONS[version], name);
  const files = [own, ...others.map(({ file }) => file)];
  const services = [`${name}.ServerReflection`, ...others.map((other) => other.name)];
  const respond = (message: Buffer, response: object) => {
    const originalRequest = own.read<object>('ServerReflectionRequest', message);
    return own.write('ServerReflectionResponse', { originalRequest, ...response });
  };
  const find = (what: string | undefined, is: (file: ProtoFile) => boolean) => {
    const file = files.find(is);
    if (!file) throw new EyrieError('MODEL_NOT_FOUND', `there is no ${String(what).slice(0, 200)} here`);
    return { fileDescriptorResponse: { fileDescriptorProto: [file.descriptor] } };
  };
  const answer = (asked: Asked): object => {
    const { messageRequest, fileByFilename, fileContainingSymbol = '' } = asked;
    switch (messageRequest) {
      case 'listServices':
        return { listServicesResponse: { service: services.map((each) => ({ name: each })) } };
      case 'fileByFilename':
        return find(fileByFilename, (file) => file.name === fileByFilename);
      case 'fileContainingSymbol':
        return find(fileContainingSymbol, (file) => file.has(fileContainingSymbol));
      case 'fileContainingExtension':
      case 'allExtensionNumbersOfType':
        return find('extension', () => false);
      default:
        throw new EyrieError('INVALID_REQUEST', 'the request asks for nothing');
    }
  };
  return {
    name: `${name}.ServerReflection`,
    file: own,
    methods: {
      ServerReflectionInfo: {
        kind: 'paired',
        access: 'public',
        answer: (message) => respond(message, answer(own.read('ServerReflectionRequest', message))),
        failure: (errorMessage, error, message) => {
          const errorCode = error instanceof EyrieError ? STATUS[error.code] : GRPC.INTERNAL;
          return respond(message, { errorResponse: { errorCode, errorMessage } });
        },
      },
    },
  };
}
