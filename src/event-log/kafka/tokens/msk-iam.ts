import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { StorageError } from '../../../storage/storage-error.ts';
import type { IssuedToken } from './lasting-token.ts';

/** Keys that AWS gave out; the third part belongs to those of a role. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** What MSK takes at most. */
const VALID_S = 900;

/**
 * The token by which MSK knows an IAM identity: a signed URL that would connect to the cluster. MSK checks it as AWS
 * checks any signed request, and nobody fetches it.
 */
export async function mskToken(
  region: string,
  credentials: () => Promise<AwsCredentials>,
  nowMs: number,
): Promise<IssuedToken> {
  const hostname = `kafka.${region}.amazonaws.com`;
  const signer = new SignatureV4({ service: 'kafka-cluster', region, credentials, sha256: Sha256 });
  const request = { method: 'GET', protocol: 'https:', hostname, path: '/', headers: { host: hostname } };
  const query = { Action: 'kafka-cluster:Connect' };
  const signed = await signer.presign(
    { ...request, query },
    { expiresIn: VALID_S, signingDate: new Date(nowMs), hoistableHeaders: new Set() },
  );
  const url = new URL(`https://${hostname}/`);
  for (const [name, value] of Object.entries(signed.query ?? {})) url.searchParams.set(name, String(value));
  // Not signed: it only tells AWS whose clients connect.
  url.searchParams.set('User-Agent', 'streamlens');
  return { token: Buffer.from(url.href).toString('base64url'), validForMs: VALID_S * 1000 };
}

/** As the AWS command line finds them: environment, web identity, shared files, container, instance. */
export async function defaultCredentials(): Promise<() => Promise<AwsCredentials>> {
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
  const provide = defaultProvider();
  return async () => {
    try {
      return await provide();
    } catch (error) {
      const reason = (error as Error).message;
      throw new StorageError(
        'unavailable',
        `no AWS credentials were found for KAFKA_SASL_MECHANISM=AWS_MSK_IAM (${reason})`,
        {
          cause: error,
        },
      );
    }
  };
}

/** The signer's idea of a hash, by Node's. */
class Sha256 {
  readonly #secret: string | Uint8Array | undefined;
  #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#secret = secret === undefined || typeof secret === 'string' ? secret : bytesOf(secret);
    this.#hash = this.#start();
  }

  update(chunk: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(typeof chunk === 'string' ? chunk : bytesOf(chunk));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    this.#hash = this.#start();
  }

  #start(): Hash | Hmac {
    return this.#secret === undefined ? createHash('sha256') : createHmac('sha256', this.#secret);
  }
}

function bytesOf(part: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(part)
    ? new Uint8Array(part.buffer, part.byteOffset, part.byteLength)
    : new Uint8Array(part);
}
