import type { IncomingHttpHeaders } from 'node:http';

/** Who sends. Without API keys anybody may speak for every tenant. */
export interface Sender {
  /** The tenant that the sender's key belongs to; null for all. */
  readonly tenantId: string | null;
}

/** @throws {Problem} 401 for a missing or unknown key, 403 for one that was revoked */
export type SenderCheck = (headers: IncomingHttpHeaders) => Promise<Sender>;

export const anybody: SenderCheck = async () => ({ tenantId: null });
