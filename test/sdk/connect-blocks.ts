import { readFileSync } from 'node:fs';

const PAGE = new URL('../../docs/connect.md', import.meta.url);

/** What the page tells to do for one SDK. */
export interface Blocks {
  /** Packages of the `pip install` or `npm install` line, without versions. */
  readonly packages: readonly string[];
  /** The other lines of the shell: environment, and how to start the application when it is not the plain way. */
  readonly shell: string;
  /** The Python or JavaScript to paste, or ''. */
  readonly code: string;
  /** A configuration file, or ''. */
  readonly config: string;
}

/** The blocks under one heading, such as `Python / OpenLIT`, or of a chapter as far as its first heading. @throws when the page has no such heading, or nothing below it */
export function blocksOf(heading: string): Blocks {
  const section = sections(readFileSync(PAGE, 'utf8')).get(heading);
  if (section === undefined) throw new Error(`docs/connect.md has no heading "${heading}"`);
  const fences = [...section.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, text]) => ({ language, text }));
  if (fences.length === 0) throw new Error(`docs/connect.md has no block under "${heading}"`);
  const textOf = (...languages: string[]) =>
    fences.flatMap(({ language = '', text = '' }) => (languages.includes(language) ? [text] : [])).join('');
  const lines = textOf('sh').split('\n');
  const isInstall = (line: string) => /^(pip|npm) install /.test(line);
  return {
    packages: lines.filter(isInstall).flatMap(packagesOf),
    shell: lines.filter((line) => !isInstall(line)).join('\n'),
    code: textOf('python', 'js'),
    config: textOf('yaml', 'toml', 'json'),
  };
}

/** Every heading of the page below `## Python` and `## Node.js`. */
export function sdkHeadings(): string[] {
  return [...sections(readFileSync(PAGE, 'utf8')).keys()].filter((heading) => /^(Python|Node\.js) \/ /.test(heading));
}

function sections(page: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const chapter of page.split(/^## /m).slice(1)) {
    const [introduction = '', ...rest] = chapter.split(/^### /m);
    const [title = ''] = introduction.split('\n', 1);
    found.set(title, introduction);
    for (const section of rest) {
      const [name = ''] = section.split('\n', 1);
      found.set(`${title} / ${name}`, section);
    }
  }
  return found;
}

/** `'anthropic>=2'` is the package anthropic, `ai@5` is ai, `'pydantic-ai-slim[openai]'` is pydantic-ai-slim. */
function packagesOf(line: string): string[] {
  const words = line.split(/\s+/).slice(2);
  return words.map((word) => word.replace(/^'|'$/g, '').replace(/(?<=.)[[@<>=~].*$/, ''));
}
