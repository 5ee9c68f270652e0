import { sign, verify } from 'node:crypto';
import { isDeeperThan } from '#validation';
import type { PrivateKey, PublicKey } from './keys';
import { at, requireEqual, wrong } from './statement';

/** In the folder of the version, as OpenSSF Model Signing has it. */
export const SIGNATURE_FILE = 'model.sig';

/** A bundle has seven levels; of one that is deeper, not even what it has in place of a field can be told. */
const MAX_DEPTH = 32;

const MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/**
 * A Sigstore bundle 0.3 (docs.sigstore.dev/about/bundle) with a DSSE envelope (github.com/secure-systems-lab/dsse, envelope.md) and the
 * key's id for verification material: what `model_signing sign key` writes.
 */
export function makeBundle(statement: object, { key, public: { id, hash } }: PrivateKey): object {
  const payload = Buffer.from(JSON.stringify(statement));
  const sig = sign(hash, preAuthenticationEncoding(payload), key).toString('base64');
  return {
    mediaType: MEDIA_TYPE,
    verificationMaterial: { publicKey: { hint: id }, tlogEntries: [] },
    dsseEnvelope: { payload: payload.toString('base64'), payloadType: PAYLOAD_TYPE, signatures: [{ sig, keyid: '' }] },
  };
}

/**
 * Nothing of the payload is looked at before its signature has been found right; which algorithm that is, the key says and not the file.
 * @returns the statement, parsed, and whose it is
 * @throws InvalidVersionError
 */
export function openBundle(text: string, keys: readonly PublicKey[]): { statement: unknown; by: PublicKey } {
  const bundle = parse(text, 'is not valid JSON');
  requireEqual('mediaType', at(bundle, 'mediaType'), MEDIA_TYPE);
  requireEqual('payloadType', at(bundle, 'dsseEnvelope', 'payloadType'), PAYLOAD_TYPE);
  const payload = at(bundle, 'dsseEnvelope', 'payload');
  const signatures = at(bundle, 'dsseEnvelope', 'signatures');
  const sig = Array.isArray(signatures) && signatures.length === 1 ? at(signatures[0], 'sig') : undefined;
  if (typeof payload !== 'string' || typeof sig !== 'string') throw wrong('has no payload with one signature');
  const signed = Buffer.from(payload, 'base64');
  const encoded = preAuthenticationEncoding(signed);
  const by = keysNamed(bundle, keys).find(({ hash, key }) => verify(hash, encoded, key, Buffer.from(sig, 'base64')));
  if (!by)
    throw wrong(
      'is no signature by a key that is trusted: it was changed, or made for something else; sign the version again',
    );
  return { statement: parse(signed.toString(), 'has a payload that is not valid JSON'), by };
}

/** Those that can have signed, as the bundle says; it is not to be believed, and does not need to be. */
function keysNamed(bundle: unknown, keys: readonly PublicKey[]): readonly PublicKey[] {
  const material = at(bundle, 'verificationMaterial');
  if (at(material, 'certificate') !== undefined || at(material, 'x509CertificateChain') !== undefined) {
    throw wrong('is signed by way of a certificate; only signatures by a key are checked here: "eyrie models sign"');
  }
  const hint = at(material, 'publicKey', 'hint');
  if (typeof hint !== 'string' || hint === '') return keys;
  const named = keys.filter(({ id }) => id === hint);
  if (named.length > 0) return named;
  const trusted = keys.map(({ id }) => id.slice(0, 16)).join(', ');
  throw wrong(
    `is by the key ${shortened(hint)}, which is not trusted (these are: ${trusted}); sign the version by one of them`,
  );
}

/** DSSE protocol 1.0.2: "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body */
export function preAuthenticationEncoding(payload: Uint8Array, type = PAYLOAD_TYPE): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `), payload]);
}

function shortened(hint: string): string {
  return JSON.stringify(hint.slice(0, 16));
}

function parse(text: string, what: string): unknown {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw wrong(`${what}: ${(error as Error).message}`);
  }
  if (isDeeperThan(parsed, MAX_DEPTH)) throw wrong(`is nested more than ${MAX_DEPTH} levels deep`);
  return parsed;
}
