import { execFile } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { binOf, installPython } from './python-environments.ts';

/**
 * DuckDB, and the validator of the FinOps Foundation, which judges FOCUS charges by the requirements model of FOCUS 1.2
 * that it brings: https://github.com/finopsfoundation/focus_validator.
 */
const run = promisify(execFile);

/** What of the specification applies. The others are about commitments, regions, resources and currencies. */
const CRITERIA = [
  'ACCOUNT_NAMING_SUPPORTED',
  'MULTIPLE_PRICING_CATEGORIES_SUPPORTED',
  'PUBLIC_PRICE_LIST_SUPPORTED',
  'SUB_ACCOUNT_SUPPORTED',
  'TAGGING_SUPPORTED',
  'UNIT_PRICING_SUPPORTED',
  'USAGE_MEASUREMENT_SUPPORTED',
];

/** The model demands of every InvoiceId at once that it is null (C-004) and that it is not (C-005). */
export const CONTRADICTIONS = ['InvoiceId-C-005-C'];

/** The oldest Python that the libraries in the list have wheels for. */
const MINOR_MIN = 11;

/** Installs both unless they are there. Why that cannot be done here, or null. */
export async function whyNotInstalled(): Promise<string | null> {
  try {
    await installPython('focus-validator', {
      python: await findPython(),
      // It says that it needs 3.12, for the sake of the one line that is mended below.
      pipOptions: ['--ignore-requires-python'],
      finish: mendForOlderPython,
    });
    return null;
  } catch (error) {
    return `DuckDB and the validator of FOCUS cannot be installed: ${(error as Error).message.slice(0, 500)}`;
  }
}

async function findPython(): Promise<string> {
  for (const python of ['python3', 'python3.13', 'python3.12', 'python3.11']) {
    const version = await run(python, ['--version']).catch(() => null);
    const [, minor] = /^Python 3\.(\d+)/.exec(version?.stdout ?? '') ?? [];
    if (Number(minor ?? 0) >= MINOR_MIN) return python;
  }
  throw new Error(`there is no Python 3.${MINOR_MIN} or newer`);
}

/** Python before 3.12 reads no backslash within the braces of an f-string. The line means the same without them. */
function mendForOlderPython(): void {
  const path = `${packages()}/focus_validator/config_objects/focus_to_duckdb_converter.py`;
  const [before, after, ...more] = readFileSync(path, 'utf8').split(`f"'{k.replace('\\"', '\\"\\"')}'"`);
  if (after === undefined || more.length > 0) throw new Error(`${path} is not the one that is known`);
  writeFileSync(path, `${before}"'" + k.replace('"', '""') + "'"${after}`);
}

function packages(): string {
  const [path = ''] = globSync(`${binOf('focus-validator')}/../lib/python3.*/site-packages`);
  return path;
}

/** What DuckDB answers, row by row. @param folder where the paths of files begin that are not absolute */
export async function query(sql: string, folder = packages()): Promise<readonly (readonly unknown[])[]> {
  const program =
    'import duckdb, json, sys; found = duckdb.sql(sys.argv[1]); print(json.dumps(found.fetchall() if found else [], default=str))';
  const { stdout } = await run(`${binOf('focus-validator')}/python`, ['-c', program, sql], { cwd: folder });
  return JSON.parse(stdout) as readonly (readonly unknown[])[];
}

/** How many of the model's rules a file of charges keeps, and which it breaks. */
export async function validate(path: string): Promise<{ readonly passed: number; readonly failed: readonly string[] }> {
  const options = ['--validate-version', '1.2', '--block-download', '--applicability-criteria', CRITERIA.join(',')];
  const { stdout } = await run(`${binOf('focus-validator')}/focus-validator`, ['--data-file', path, ...options], {
    // It looks for files of its own from there.
    cwd: packages(),
    maxBuffer: 64 * 1024 * 1024,
  }).catch((error: { stdout: string; stderr: string }) => {
    if (error.stdout.includes('PASS')) return error;
    throw new Error(`The validator could not judge: ${error.stderr}`);
  });
  const rules = (word: string) =>
    Array.from(stdout.matchAll(new RegExp(`([\\w-]+): ${word}`, 'g')), ([, rule = '']) => rule);
  return { passed: rules('PASS').length, failed: rules('FAIL') };
}
