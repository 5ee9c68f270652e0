// Made of health.proto by scripts/generate.mjs.

export const FILE = {
  name: 'grpc/health.proto',
  /** Its FileDescriptorProto, in base64. */
  descriptor:
    'ChFncnBjL2hlYWx0aC5wcm90bxIOZ3JwYy5oZWFsdGgudjEiJQoSSGVhbHRoQ2hlY2tSZXF1ZXN0Eg8KB3NlcnZpY2UYASABKAkiqQEKE0hlYWx0aENoZWNrUmVzcG9uc2USQQoGc3RhdHVzGAEgASgOMjEuZ3JwYy5oZWFsdGgudjEuSGVhbHRoQ2hlY2tSZXNwb25zZS5TZXJ2aW5nU3RhdHVzIk8KDVNlcnZpbmdTdGF0dXMSCwoHVU5LTk9XThAAEgsKB1NFUlZJTkcQARIPCgtOT1RfU0VSVklORxACEhMKD1NFUlZJQ0VfVU5LTk9XThADIhMKEUhlYWx0aExpc3RSZXF1ZXN0Iq4BChJIZWFsdGhMaXN0UmVzcG9uc2USQgoIc3RhdHVzZXMYASADKAsyMC5ncnBjLmhlYWx0aC52MS5IZWFsdGhMaXN0UmVzcG9uc2UuU3RhdHVzZXNFbnRyeRpUCg1TdGF0dXNlc0VudHJ5EgsKA2tleRgBIAEoCRIyCgV2YWx1ZRgCIAEoCzIjLmdycGMuaGVhbHRoLnYxLkhlYWx0aENoZWNrUmVzcG9uc2U6AjgBMv0BCgZIZWFsdGgSUAoFQ2hlY2sSIi5ncnBjLmhlYWx0aC52MS5IZWFsdGhDaGVja1JlcXVlc3QaIy5ncnBjLmhlYWx0aC52MS5IZWFsdGhDaGVja1Jlc3BvbnNlEk0KBExpc3QSIS5ncnBjLmhlYWx0aC52MS5IZWFsdGhMaXN0UmVxdWVzdBoiLmdycGMuaGVhbHRoLnYxLkhlYWx0aExpc3RSZXNwb25zZRJSCgVXYXRjaBIiLmdycGMuaGVhbHRoLnYxLkhlYWx0aENoZWNrUmVxdWVzdBojLmdycGMuaGVhbHRoLnYxLkhlYWx0aENoZWNrUmVzcG9uc2UwAWIGcHJvdG8z',
  /** Its messages in the JSON of protobufjs, their fields in camel case. */
  messages:
    '{"nested":{"grpc":{"nested":{"health":{"nested":{"v1":{"nested":{"Health":{"methods":{"Check":{"requestType":"HealthCheckRequest","responseType":"HealthCheckResponse"},"List":{"requestType":"HealthListRequest","responseType":"HealthListResponse"},"Watch":{"requestType":"HealthCheckRequest","responseType":"HealthCheckResponse","responseStream":true}}},"HealthCheckRequest":{"fields":{"service":{"type":"string","id":1}}},"HealthCheckResponse":{"fields":{"status":{"type":"ServingStatus","id":1}},"nested":{"ServingStatus":{"values":{"UNKNOWN":0,"SERVING":1,"NOT_SERVING":2,"SERVICE_UNKNOWN":3}}}},"HealthListRequest":{"fields":{}},"HealthListResponse":{"fields":{"statuses":{"keyType":"string","type":"HealthCheckResponse","id":1}}}}}}}}}}}',
};
