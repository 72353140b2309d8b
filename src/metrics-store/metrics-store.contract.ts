import { describe } from 'node:test';
import { anyQuestionContract } from './contract/any-question.contract.ts';
import { budgetContract } from './contract/budget.contract.ts';
import type { OpenStore } from './contract/builders.ts';
import { callsContract } from './contract/calls.contract.ts';
import { commitContract } from './contract/commit.contract.ts';
import { coverageContract } from './contract/coverage.contract.ts';
import { dimensionsContract } from './contract/dimensions.contract.ts';
import { groupContract } from './contract/group.contract.ts';
import { outboxContract } from './contract/outbox.contract.ts';
import { pagesContract } from './contract/pages.contract.ts';
import { processorsContract } from './contract/processors.contract.ts';
import { queriesContract } from './contract/queries.contract.ts';
import { rangesContract } from './contract/ranges.contract.ts';
import { recordsContract } from './contract/records.contract.ts';
import { repricingContract } from './contract/repricing.contract.ts';
import { retentionContract } from './contract/retention.contract.ts';
import { severalDimensionsContract } from './contract/several-dimensions.contract.ts';
import { stateContract } from './contract/state.contract.ts';
import { sumsContract } from './contract/sums.contract.ts';
import { tenantsContract } from './contract/tenants.contract.ts';

/**
 * What every adapter of `MetricsStore` must do; run once per adapter.
 * `open` gives an empty store each time; the test closes it.
 */
export function metricsStoreContract({ name, open, skip = false }: ContractOptions): void {
  describe(`${name} as a metrics store`, { skip }, () => {
    commitContract(open);
    stateContract(open);
    groupContract(open);
    sumsContract(open);
    dimensionsContract(open);
    severalDimensionsContract(open);
    queriesContract(open);
    rangesContract(open);
    anyQuestionContract(open);
    pagesContract(open);
    budgetContract(open);
    outboxContract(open);
    callsContract(open);
    recordsContract(open);
    coverageContract(open);
    repricingContract(open);
    retentionContract(open);
    tenantsContract(open);
    processorsContract(open);
  });
}

interface ContractOptions {
  readonly name: string;
  readonly open: OpenStore;
  /** Why it cannot run here. */
  readonly skip?: string | false;
}
