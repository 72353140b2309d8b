import { registerHooks } from 'node:module';

/**
 * `node --import ./test/added-field-hook.ts`: the table of requests is a copy with one row more. Nothing else of the
 * program is another one.
 */
const ROW = `
  region: {
    schema: Type.Optional(NullableText(32, 'Where the caller is.')),
    kept: { answer: 'Where the caller was.', filter: 'Only calls from this region.' },
  },
} as const satisfies EventTable;`;

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.endsWith('/src/events/llm-request.ts')) return loaded;
    const source = Buffer.from(loaded.source as Uint8Array)
      .toString('utf8')
      .replace('\n} as const satisfies EventTable;', () => ROW);
    return { ...loaded, source };
  },
});
