import { writeFileSync } from 'node:fs';
import { valuesSchema } from './chart-settings.ts';
import { envExample, settingsDoc } from './settings-doc.ts';

/** `node scripts/write-settings-doc.ts`: writes what the settings table says into the three files that repeat it. */
writeFileSync(new URL('../docs/settings.md', import.meta.url), settingsDoc());
writeFileSync(new URL('../deploy/.env.example', import.meta.url), envExample());
writeFileSync(new URL('../deploy/helm/streamlens/values.schema.json', import.meta.url), valuesSchema());
