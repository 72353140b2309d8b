import type { Mapping } from '../../commands/import/exports/mapping.ts';
import { ANTHROPIC_URL, readAnthropic } from '../../commands/reconcile/anthropic.ts';
import { COST_EXPLORER_URL, readCostExplorer } from '../../commands/reconcile/aws.ts';
import type { AwsLine } from '../../commands/reconcile/bedrock-lines.ts';
import type { FetchOptions } from '../../commands/reconcile/fetch-json.ts';
import { OPENAI_URL, readOpenAi } from '../../commands/reconcile/openai.ts';
import { OPENROUTER_URL, readOpenRouter } from '../../commands/reconcile/openrouter.ts';
import type { ProviderReport, ReportQuestion } from '../../commands/reconcile/provider-report.ts';
import { type FileContent, readReportFile } from '../../commands/reconcile/report-file.ts';
import { SettingError } from '../../settings/read-settings.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { VERSION } from '../version.ts';
import type { KeyMap } from './key-map.ts';
import type { ProviderName, ReconcileRequest } from './reconcile-request.ts';

/** A report, or what is in several files of one. */
export type Answer = Omit<ProviderReport, 'provider' | 'bucketMs'> & {
  readonly provider: string | null;
  readonly bucketMs: number | null;
  readonly awsLines: readonly AwsLine[];
};

/** Asks the provider, or reads the files. */
export async function readReport(
  settings: SettingsOf<'reconcile'>,
  { source, keys, fromMs, toMs, bucketMs, nowMs }: ReconcileRequest,
  options: FetchOptions,
): Promise<Answer> {
  if ('files' in source) return filesOf(source, keys);
  const question: ReportQuestion = { fromMs, toMs, bucketMs, keyBy: keys.by };
  return READERS[source.provider]({ settings, question, options, nowMs });
}

interface Reader {
  readonly settings: SettingsOf<'reconcile'>;
  readonly question: ReportQuestion;
  readonly options: FetchOptions;
  readonly nowMs: () => number;
}

const READERS: Readonly<Record<ProviderName, (reader: Reader) => Promise<Answer>>> = {
  openai: async ({ settings, question, options }) => {
    const adminKey = needed(settings.openAiAdminKey, 'OPENAI_ADMIN_KEY', 'an admin key of the organization');
    const report = await readOpenAi({ adminKey, baseUrl: settings.providerUrl ?? OPENAI_URL }, question, options);
    return { ...report, awsLines: [] };
  },
  anthropic: async ({ settings, question, options }) => {
    const adminKey = needed(settings.anthropicAdminKey, 'ANTHROPIC_ADMIN_KEY', 'an admin key of the organization');
    const baseUrl = settings.providerUrl ?? ANTHROPIC_URL;
    const report = await readAnthropic({ adminKey, baseUrl, userAgent: `StreamLens/${VERSION}` }, question, options);
    return { ...report, awsLines: [] };
  },
  openrouter: async ({ settings, question, options }) => {
    const managementKey = needed(settings.openRouterManagementKey, 'OPENROUTER_MANAGEMENT_KEY', 'a management key');
    const baseUrl = settings.providerUrl ?? OPENROUTER_URL;
    return { ...(await readOpenRouter({ managementKey, baseUrl }, question, options)), awsLines: [] };
  },
  aws: async ({ settings, question, options, nowMs }) => {
    const keys = {
      accessKeyId: needed(settings.awsAccessKeyId, 'AWS_ACCESS_KEY_ID', 'a key that may call ce:GetCostAndUsage'),
      secretAccessKey: needed(settings.awsSecretAccessKey, 'AWS_SECRET_ACCESS_KEY', 'the secret of the access key'),
      sessionToken: settings.awsSessionToken,
    };
    const baseUrl = settings.providerUrl ?? COST_EXPLORER_URL;
    const awsLines = await readCostExplorer({ keys, baseUrl, nowMs }, question, options);
    const { bucketMs } = question;
    return { provider: 'aws', usage: [], charges: [], notes: [], mayDaysBeLocal: false, bucketMs, awsLines };
  },
};

/** @throws {SettingError} where it is not given */
function needed(value: string | undefined, name: string, what: string): string {
  if (value === undefined) throw new SettingError(`${name} must be ${what}; it is not set`);
  return value;
}

/** Usage and costs may lie in files of their own. */
function filesOf(
  { files, mapping }: { readonly files: readonly string[]; readonly mapping: Mapping | null },
  keys: KeyMap,
): Answer {
  const contents = files.map((path) => readReportFile(path, { keyBy: keys.by, mapping }));
  const providers = [...new Set(contents.map(({ provider }) => provider).filter((each) => each !== null))];
  if (providers.length > 1)
    throw new SettingError(`The files must be of one provider; they are of ${providers.join(' and ')}`);
  const all = <T>(of: (content: FileContent) => readonly T[]) => contents.flatMap(of);
  return {
    provider: providers[0] ?? null,
    usage: all(({ usage }) => usage),
    charges: contents.some(({ hasCosts }) => hasCosts) ? all(({ charges }) => charges) : null,
    awsLines: all(({ awsLines }) => awsLines),
    notes: all(({ notes }) => notes),
    mayDaysBeLocal: contents.some(({ mayDaysBeLocal }) => mayDaysBeLocal),
    bucketMs: contents.reduce<number | null>(
      (most, { bucketMs }) => (bucketMs === null ? most : Math.max(most ?? 0, bucketMs)),
      null,
    ),
  };
}
