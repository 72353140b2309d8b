import type { Reconciliation } from './api-answers.ts';
import { formatUsd } from './format-number.ts';

/** A bill of all tenants is everybody's who may see it; where all are shown, so is each bill. */
export function isShownTo({ tenant_id: ofTenant }: Pick<Reconciliation, 'tenant_id'>, tenant: string | null): boolean {
  return tenant === null || ofTenant === null || ofTenant === tenant;
}

/** What causes are worth, without regard to their sign: the whole of which each is a part. */
export function causesSum(causes: readonly { readonly usd: number }[]): number {
  return causes.reduce((sum, { usd }) => sum + Math.abs(usd), 0);
}

/** With its sign, so that nobody takes a surplus for a lack. */
export function formatChangeUsd(usd: number): string {
  return `${usd > 0 ? '+' : usd < 0 ? '−' : ''}${formatUsd(Math.abs(usd))}`;
}

/** Nothing is a blank: a column of zeros hides what is there. */
export function formatChange(count: number, digits = 0): string {
  if (count === 0) return '';
  const text = Math.abs(count).toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${count > 0 ? '+' : '−'}${text}`;
}

/** How sure it is, before its evidence. */
export function certaintyWords({
  certainty,
  or_else: orElse,
}: Reconciliation['causes'][number]['evidence'][number]): string {
  if (certainty === 'one_of') return `This or ${orElse.join(' or ').replaceAll('_', ' ')}: `;
  return certainty === 'likely' ? 'Likely: ' : '';
}

const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `1h` in ms. */
export function stepMsOf(step: string): number {
  return Number.parseInt(step, 10) * (UNITS_MS[step.slice(-1)] ?? 0);
}
