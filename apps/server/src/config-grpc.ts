interface GrpcSettings {
  PORT: number;
  GRPC_PORT: number;
  GRPC_TLS_CERT_FILE: string;
  GRPC_TLS_KEY_FILE: string;
  GRPC_TLS_CLIENT_CA_FILE: string;
}

/** What does not fit together in the settings of gRPC, and how to mend it. */
export function grpcProblem(settings: GrpcSettings): string | undefined {
  const { PORT, GRPC_PORT, GRPC_TLS_CERT_FILE: cert, GRPC_TLS_KEY_FILE: key, GRPC_TLS_CLIENT_CA_FILE: ca } = settings;
  if ((cert === '') !== (key === '')) {
    return 'GRPC_TLS_CERT_FILE and GRPC_TLS_KEY_FILE must be given both, or neither for a port without TLS';
  }
  if (ca !== '' && cert === '') {
    return 'GRPC_TLS_CLIENT_CA_FILE needs GRPC_TLS_CERT_FILE: without TLS, no client shows a certificate';
  }
  if (GRPC_PORT === 0 || GRPC_PORT !== PORT) return undefined;
  return `GRPC_PORT and PORT are both ${PORT}; set one of them to another port, or GRPC_PORT to 0 for no gRPC`;
}
