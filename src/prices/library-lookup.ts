import { findProvider } from '@pydantic/genai-prices';
import { type LibraryModel, LibraryModels } from './library-models.ts';
import { isCustomModel, type ModelName, routedName, spellings } from './model-name.ts';
import { providerId } from './provider-name.ts';

/**
 * Which model of genai-prices a call used, or null.
 *
 * The named provider's price list comes first. A model's own prefix (`azure/…`) counts where no provider is named, and
 * also against `openai` and `anthropic`: SDKs of these two are pointed at routers and gateways, and report their own
 * name all the same. A bare model name decides alone only without any provider, and only where the library knows a
 * vendor by it (`gpt-…`, `claude-…`): open models have a dozen hosts with a dozen prices.
 */
export class LibraryLookup {
  readonly #models = new LibraryModels();

  find(provider: string, model: string): LibraryModel | null {
    const id = providerId(provider);
    const name = model.trim().toLowerCase();
    for (const place of placesToLook(id, name)) {
      for (const spelling of spellings(place.providerId, place.name)) {
        const found = this.#models.find(place.providerId, spelling);
        if (found !== null && (!isCustomModel(name) || isListedAsFineTuned(found))) return found;
      }
    }
    return null;
  }
}

function placesToLook(id: string, name: string): readonly ModelName[] {
  const routed = routedName(name);
  if (id !== '') {
    const named: ModelName = { providerId: id, name };
    return routed !== null && mayBeGateway(id, routed.providerId) ? [named, routed] : [named];
  }
  if (routed !== null) return [routed];
  if (name.includes('/')) return [];
  const vendor = findProvider({ modelId: name });
  return vendor === undefined ? [] : [{ providerId: vendor.id, name }];
}

/** The library lists some prices of fine-tuned models; other rules match them because they search within the name. */
function isListedAsFineTuned({ model }: LibraryModel): boolean {
  return /ft:|\.ft-/.test(JSON.stringify(model.match));
}

/** OpenRouter writes `deepseek/…` as well, and hosts these models at prices of its own. */
function mayBeGateway(id: string, routedId: string): boolean {
  return (id === 'openai' || id === 'anthropic') && routedId !== 'deepseek';
}
