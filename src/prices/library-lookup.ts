import type { Provider } from '@pydantic/genai-prices';
import { type LibraryModel, LibraryModels } from './library-models.ts';
import { isCustomModel, type ModelName, plainName, routedName, soleOwner, spellings } from './model-name.ts';
import { billsItself, providerId } from './provider-name.ts';
import { isWholeName } from './whole-name.ts';

/**
 * Which model of genai-prices a call used, or null.
 *
 * The named provider's price list comes first. A model's own prefix (`azure/…`) counts where no provider is named, and
 * also against `openai` and `anthropic`: SDKs of these two are pointed at routers and gateways, and report their own
 * name all the same. A bare model name decides alone where no provider is named, or one that nobody knows (the name of
 * a framework or of somebody's gateway), and only where one vendor has it (`gpt-…`, `claude-…`): open models have a
 * dozen hosts with a dozen prices.
 */
export class LibraryLookup {
  readonly #models: LibraryModels;

  constructor(providers: readonly Provider[]) {
    this.#models = new LibraryModels(providers);
  }

  find(provider: string, model: string): LibraryModel | null {
    const name = plainName(model);
    return this.findAt(this.placesToLook(provider, name), name);
  }

  /** @param places as `placesToLook` gives them for the name */
  findAt(places: readonly ModelName[], name: string): LibraryModel | null {
    for (const place of places) {
      for (const spelling of spellings(place.providerId, place.name)) {
        const found = this.#models.find(place.providerId, spelling);
        if (found !== null && isThatModel(found, name, spelling) && sells(place.providerId, found)) return found;
      }
    }
    return null;
  }

  /** Whose price lists may have a model, best first. @param name as `plainName` gives it */
  placesToLook(provider: string, name: string): readonly ModelName[] {
    return placesToLook(this.#models, providerId(provider), name);
  }
}

/**
 * Whether a host sells that model at the price of whoever made it. Azure does so for OpenAI's and Anthropic's, not for
 * open ones, and OpenAI itself serves none of its open models, though genai-prices has a price of OpenRouter's for one.
 */
function sells(host: string, { providerId: maker, model }: LibraryModel): boolean {
  if (maker === 'openai' && model.id.includes('gpt-oss')) return false;
  return host !== 'azure' || ['azure', 'openai', 'anthropic'].includes(maker);
}

function placesToLook(models: LibraryModels, provider: string, name: string): readonly ModelName[] {
  const routed = routedName(name);
  if (provider !== '' && (billsItself(provider) || models.has(provider))) {
    const named: ModelName = { providerId: provider, name };
    return routed !== null && mayBeGateway(provider, routed.providerId) ? [named, routed] : [named];
  }
  if (routed !== null) return [routed];
  if (name.includes('/')) return [];
  const id = soleOwner(name) ?? models.ownerOf(name);
  return id === null ? [] : [{ providerId: id, name }];
}

function isThatModel(found: LibraryModel, name: string, spelling: string): boolean {
  return isCustomModel(name) ? isListedAsFineTuned(found) : isWholeName(found.model.match, spelling);
}

/** The library lists some prices of fine-tuned models; other rules match them because they search within the name. */
function isListedAsFineTuned({ model }: LibraryModel): boolean {
  return /ft:|\.ft-/.test(JSON.stringify(model.match));
}

/** OpenRouter writes `deepseek/…` as well, and hosts these models at prices of its own. */
function mayBeGateway(id: string, routedId: string): boolean {
  return (id === 'openai' || id === 'anthropic') && routedId !== 'deepseek';
}
