import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Signed by itself, for localhost, until 2126. For tests alone: its key is no secret. */
export const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUeq0BAKtfBmaHGB/kGXBxmMQLUGgwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNzE2NTk0MloYDzIxMjYxMTAz
MTY1OTQyWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATncbdldbqbwGAh6hDtU/xQ4WWxtoc7WRFREsAcQHQe1ZGUgDeuHWpl
Ggop9jal7/VOcCANBtOEzgWa/Lnmlq1To28wbTAdBgNVHQ4EFgQUWTCiSL4d0ofF
42eGgUW9uBeRp1swHwYDVR0jBBgwFoAUWTCiSL4d0ofF42eGgUW9uBeRp1swDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIgazLR3Tp5YqwWXW9i8XKuQihFZAIbI+QR8tu4ZgzK+H8CIQDE
fyMCycKVmBOdDZXp/jwIBZOSZcHFnbyaDS6s3XChnA==
-----END CERTIFICATE-----
`;

export const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQge0MSTkO1hFF0gaRL
lhDITWs+c8Pd5vkr5ynRDJdgbfehRANCAATncbdldbqbwGAh6hDtU/xQ4WWxtoc7
WRFREsAcQHQe1ZGUgDeuHWplGgop9jal7/VOcCANBtOEzgWa/Lnmlq1T
-----END PRIVATE KEY-----
`;

/** @returns the paths of the certificate and of its key */
export function writeCertificate(folder: string): { cert: string; key: string } {
  const paths = { cert: join(folder, 'localhost.crt'), key: join(folder, 'localhost.key') };
  writeFileSync(paths.cert, CERTIFICATE);
  writeFileSync(paths.key, KEY);
  return paths;
}
