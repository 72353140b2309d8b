import type { MatchLogic, ModelInfo, Provider } from '@pydantic/genai-prices';

/** A model of the library and whose price list it is on. */
export interface LibraryModel {
  readonly providerId: string;
  readonly model: ModelInfo;
}

/**
 * Finds models of genai-prices by name as its `calcPrice` does, some hundred times faster: the library compares with
 * every model and compiles its regular expressions each time, and names come from outside.
 */
export class LibraryModels {
  readonly #providers: ReadonlyMap<string, Provider>;
  /** The first whose rule matches a name alone wins. */
  readonly #owners: readonly { readonly id: string; readonly matches: (name: string) => boolean }[];
  readonly #indexes = new Map<string, ProviderIndex>();

  constructor(providers: readonly Provider[]) {
    this.#providers = new Map(providers.map((provider) => [provider.id, provider]));
    this.#owners = providers.flatMap(({ id, model_match: rule }) =>
      rule === undefined ? [] : [{ id, matches: compileMatch(rule) }],
    );
  }

  /** Whether it is an id of the library. */
  has(providerId: string): boolean {
    return this.#providers.has(providerId);
  }

  /** Whose model it is by its name alone. @param modelName lower case */
  ownerOf(modelName: string): string | null {
    return this.#owners.find(({ matches }) => matches(modelName))?.id ?? null;
  }

  /**
   * @param providerId an id of the library; names it does not know have no models
   * @param modelName lower case
   */
  find(providerId: string, modelName: string): LibraryModel | null {
    const index = this.#indexOf(providerId);
    if (index === null) return null;
    const model = index.find(modelName);
    if (model !== null) return { providerId: index.provider.id, model };
    // As in the library, the models of a provider's fallbacks are not searched through further fallbacks.
    for (const fallbackId of index.provider.fallback_model_providers ?? []) {
      const fallback = this.#indexOf(fallbackId);
      const found = fallback?.find(modelName) ?? null;
      if (fallback && found !== null) return { providerId: fallback.provider.id, model: found };
    }
    return null;
  }

  #indexOf(providerId: string): ProviderIndex | null {
    const known = this.#indexes.get(providerId);
    if (known !== undefined) return known;
    const provider = this.#providers.get(providerId);
    // Only true ids are remembered: there are some forty, while other names come from outside without end.
    if (provider === undefined) return null;
    const index = new ProviderIndex(provider);
    this.#indexes.set(providerId, index);
    return index;
  }
}

/** The first model whose rule matches wins. Rules that are plain equality sit in a map, the rest are tried in turn. */
class ProviderIndex {
  readonly provider: Provider;
  readonly #positionOf = new Map<string, number>();
  readonly #rules: { readonly position: number; readonly matches: (name: string) => boolean }[] = [];

  constructor(provider: Provider) {
    this.provider = provider;
    for (const [position, model] of provider.models.entries()) {
      for (const rule of alternatives(model.match)) {
        if (!('equals' in rule)) this.#rules.push({ position, matches: compileMatch(rule) });
        else if (!this.#positionOf.has(rule.equals.toLowerCase()))
          this.#positionOf.set(rule.equals.toLowerCase(), position);
      }
    }
  }

  find(name: string): ModelInfo | null {
    let first = this.#positionOf.get(name) ?? Number.POSITIVE_INFINITY;
    for (const rule of this.#rules) {
      if (rule.position >= first) break;
      if (rule.matches(name)) first = rule.position;
    }
    return this.provider.models[first] ?? null;
  }
}

/** The rules of which one must match. */
function alternatives(rule: MatchLogic): readonly MatchLogic[] {
  return 'or' in rule ? rule.or.flatMap(alternatives) : [rule];
}

/** Names are lower case already; regular expressions are used as they are written, as the library does. */
function compileMatch(rule: MatchLogic): (name: string) => boolean {
  if ('or' in rule) {
    const rules = rule.or.map(compileMatch);
    return (name) => rules.some((matches) => matches(name));
  }
  if ('and' in rule) {
    const rules = rule.and.map(compileMatch);
    return (name) => rules.every((matches) => matches(name));
  }
  if ('regex' in rule) {
    const pattern = new RegExp(rule.regex);
    return (name) => pattern.test(name);
  }
  if ('equals' in rule) return textMatch(rule.equals, (name, text) => name === text);
  if ('starts_with' in rule) return textMatch(rule.starts_with, (name, text) => name.startsWith(text));
  if ('ends_with' in rule) return textMatch(rule.ends_with, (name, text) => name.endsWith(text));
  return textMatch(rule.contains, (name, text) => name.includes(text));
}

function textMatch(text: string, matches: (name: string, text: string) => boolean): (name: string) => boolean {
  const lower = text.toLowerCase();
  return (name) => matches(name, lower);
}
