/** Deeper than any list of prices; a text that nests further is no such list. */
const DEPTH_MAX = 40;

/**
 * Reads the array that a JavaScript module begins with (`const E = [ … ]`) as data: arrays, objects, texts, numbers and
 * the shortened `!0` and `!1`. Nothing is executed; whatever is more than a plain literal is refused. JSON is read too.
 *
 * @throws {SyntaxError} says where
 */
export function readPlainArray(source: string): readonly unknown[] {
  const start = source.indexOf('[');
  if (start < 0 || !/^[\w\s{},:;"'$=]*$/.test(source.slice(0, start))) throw new SyntaxError('it holds no list');
  const value = new LiteralReader(source, start).value(0);
  if (!Array.isArray(value)) throw new SyntaxError('it holds no list');
  return value;
}

const BLANK = /\s*/y;
const NUMBER = /-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/iy;
const WORD = /[A-Za-z_$][\w$]*/y;
/** A template with a `$` could hold an expression. */
const TEXT = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\$]|\\.)*`/sy;
const CONSTANTS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

class LiteralReader {
  readonly #source: string;
  #at: number;

  constructor(source: string, at: number) {
    this.#source = source;
    this.#at = at;
  }

  value(depth: number): unknown {
    if (depth > DEPTH_MAX) this.#refuse();
    if (this.#takes('[')) return this.#array(depth);
    if (this.#takes('{')) return this.#object(depth);
    if (this.#takes('!0')) return true;
    if (this.#takes('!1')) return false;
    const number = this.#match(NUMBER);
    if (number !== null) return Number(number);
    const text = this.#match(TEXT);
    if (text !== null) return textOf(text);
    const word = this.#match(WORD);
    return word !== null && CONSTANTS.has(word) ? CONSTANTS.get(word) : this.#refuse();
  }

  #array(depth: number): readonly unknown[] {
    const items: unknown[] = [];
    while (!this.#takes(']')) {
      items.push(this.value(depth + 1));
      if (!this.#takes(',')) {
        if (!this.#takes(']')) this.#refuse();
        break;
      }
    }
    return items;
  }

  #object(depth: number): object {
    const fields: [string, unknown][] = [];
    while (!this.#takes('}')) {
      const text = this.#match(TEXT);
      const name = text === null ? this.#match(WORD) : textOf(text);
      if (name === null || !this.#takes(':')) return this.#refuse();
      fields.push([name, this.value(depth + 1)]);
      if (!this.#takes(',')) {
        if (!this.#takes('}')) this.#refuse();
        break;
      }
    }
    // Defines each name as its own, `__proto__` too.
    return Object.fromEntries(fields);
  }

  #takes(text: string): boolean {
    this.#match(BLANK);
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const [found = null] = pattern.exec(this.#source) ?? [];
    if (found !== null) this.#at += found.length;
    return found;
  }

  #refuse(): never {
    throw new SyntaxError(`it is no plain data at character ${this.#at}`);
  }
}

/** A text in quotes of any kind; its escapes are those of JSON and of JavaScript's letters. */
function textOf(quoted: string): string {
  return quoted.slice(1, -1).replaceAll(/\\(?:u([\da-f]{4})|x([\da-f]{2})|(.))/gis, (_, u, x, letter: string) => {
    const code = (u ?? x) as string | undefined;
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
    return { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v', '0': '\0', '\n': '' }[letter] ?? letter;
  });
}
