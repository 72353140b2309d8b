import type { Mapping } from '../../commands/import/exports/mapping.ts';
import type { ReportFrame } from '../../reconciliation/report-json.ts';
import type { KeyMap } from './key-map.ts';

/** Those whose API is asked. */
export const PROVIDERS = ['openai', 'anthropic', 'openrouter', 'aws'] as const;
export type ProviderName = (typeof PROVIDERS)[number];

export interface ReconcileRequest {
  readonly source:
    | { readonly provider: ProviderName }
    | { readonly files: readonly string[]; readonly mapping: Mapping | null };
  /** Whose bill the files are, where they do not say it. */
  readonly provider: string | null;
  readonly fromMs: number;
  readonly toMs: number;
  readonly bucketMs: number;
  readonly tenantId: string | null;
  readonly keys: KeyMap;
  readonly tolerance: ReportFrame['tolerance'];
  readonly rowsMax: number;
  readonly isSaved: boolean;
  readonly nowMs: () => number;
}
