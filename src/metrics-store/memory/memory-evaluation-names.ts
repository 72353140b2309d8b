import { OVERFLOW } from '../../tally/series.ts';
import { EVALUATION_LABELS_PER_NAME_MAX, EVALUATION_NAMES_PER_TENANT_MAX } from '../series-limits.ts';
import { storableText } from '../storable-text.ts';

/** Which evaluation names and labels exist, and where those beyond the limits go. Nothing is ever forgotten here. */
export class MemoryEvaluationNames {
  readonly #labelsByName = new Map<string, Map<string, Set<string>>>();

  /** The name's own entry, or the overflow's once the tenant has as many names as it may have. */
  resolve(tenantId: string, wanted: string): { readonly name: string; labelOf(label: string): string } {
    const tenant = storableText(tenantId);
    const names = this.#labelsByName.get(tenant) ?? new Map<string, Set<string>>();
    this.#labelsByName.set(tenant, names);
    let name = storableText(wanted);
    if (!names.has(name) && names.size - (names.has(OVERFLOW) ? 1 : 0) >= EVALUATION_NAMES_PER_TENANT_MAX) {
      name = OVERFLOW;
    }
    const labels = names.get(name) ?? new Set<string>();
    names.set(name, labels);
    return { name, labelOf: (label) => labelIn(labels, storableText(label)) };
  }
}

function labelIn(labels: Set<string>, label: string): string {
  if (labels.has(label)) return label;
  if (label === OVERFLOW || labels.size >= EVALUATION_LABELS_PER_NAME_MAX) return OVERFLOW;
  labels.add(label);
  return label;
}
