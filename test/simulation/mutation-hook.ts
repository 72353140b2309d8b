import { registerHooks } from 'node:module';
import fc from 'fast-check';
import type { Mutation } from './mutations.ts';

/**
 * Preloaded (`node --import`) into a simulation: replaces one place of one source file while it is loaded, so that the
 * bug is in that process alone and the product has no switches for it.
 */
// That a property fails is all that is asked; the smallest case would take minutes to find.
fc.configureGlobal({ endOnFailure: true });

const mutation = JSON.parse(process.env['STREAMLENS_MUTATION'] ?? '{}') as Mutation;
const target = new URL(`../../src/${mutation.file}`, import.meta.url).href;

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (url !== target) return loaded;
    const source = Buffer.from(loaded.source as Uint8Array).toString();
    if (source.split(mutation.find).length !== 2) {
      process.stderr.write(`MUTATION NOT APPLICABLE: ${mutation.file} does not hold exactly once: ${mutation.find}\n`);
      process.exit(3);
    }
    process.stderr.write('MUTATED\n');
    return { ...loaded, source: source.replace(mutation.find, () => mutation.replace) };
  },
});
