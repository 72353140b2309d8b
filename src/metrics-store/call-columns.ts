import { ofKind } from '../tally/kinds.ts';
import type { Call } from './call.ts';
import { columnOf } from './tally-columns.ts';

type Place =
  /** Kept as a key of the tenants' dictionary. */
  | 'tenant'
  /** With the tenant, what makes it this call and no other. */
  | 'identity'
  | 'value'
  /** What only the request knows: an `answer` leaves these as they are stored. */
  | 'requestOnly';

/** Every field of a call, in the order in which the SQL stores keep them. A field that is not here does not compile. */
const CALL_PLACES = {
  tenantId: 'tenant',
  timestampMs: 'identity',
  requestId: 'identity',
  route: 'value',
  model: 'value',
  provider: 'value',
  status: 'value',
  latencyMs: 'value',
  timeToFirstTokenMs: 'value',
  promptTokens: 'value',
  completionTokens: 'value',
  cachedPromptTokens: 'value',
  cacheWriteTokens: 'value',
  reasoningTokens: 'value',
  finishReason: 'value',
  error: 'value',
  answeredModel: 'value',
  errorKind: 'value',
  serviceTier: 'value',
  costPicoUsd: 'value',
  costSource: 'value',
  reportedCostPicoUsd: 'value',
  listCostPicoUsd: 'value',
  bill: 'value',
  userIdHash: 'requestOnly',
  sessionId: 'requestOnly',
  metadata: 'requestOnly',
} as const satisfies Readonly<Record<keyof Call, Place>>;

export const CALL_VALUES = ofKind(CALL_PLACES, 'value');
export const CALL_REQUEST_ONLY = ofKind(CALL_PLACES, 'requestOnly');
export const CALL_FIELDS = [...ofKind(CALL_PLACES, 'identity'), ...CALL_VALUES, ...CALL_REQUEST_ONLY] as const;

export const CALL_COLUMNS: readonly string[] = CALL_FIELDS.map(columnOf);
export const CALL_VALUE_COLUMNS: readonly string[] = CALL_VALUES.map(columnOf);
export const CALL_REQUEST_ONLY_COLUMNS: readonly string[] = CALL_REQUEST_ONLY.map(columnOf);

/** Amounts of money, which a number might not hold. */
export const CALL_MONEY = [
  'costPicoUsd',
  'reportedCostPicoUsd',
  'listCostPicoUsd',
] as const satisfies readonly MoneyField[];

type MoneyField = { [Field in keyof Call]: bigint extends Call[Field] ? Field : never }[keyof Call];
