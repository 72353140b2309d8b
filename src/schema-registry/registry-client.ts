import { StorageError } from '../storage/storage-error.ts';

/** How to reach a schema registry, and as whom. */
export interface RegistrySettings {
  readonly url: string;
  /** Sent by HTTP's basic authentication, or as a bearer token; neither where the registry asks for none. */
  readonly credentials?: { readonly username: string; readonly password: string } | { readonly token: string };
}

/** The answer to one question, which the registry may also refuse. */
interface RegistryAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const ANSWER_MS_MAX = 10_000;
const REASON_CHARACTERS_MAX = 1000;
const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';

/**
 * What StreamLens asks a schema registry, in Confluent's API, which Apicurio, Karapace and Redpanda speak as well.
 *
 * All questions throw a {@link StorageError}: `unavailable` where asking again may help, else `setting-refused`.
 */
export class RegistryClient {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor({ url, credentials }: RegistrySettings) {
    this.#url = url;
    this.#headers = {
      accept: `${MEDIA_TYPE}, application/json`,
      'content-type': MEDIA_TYPE,
      ...(credentials === undefined ? {} : { authorization: authorization(credentials) }),
    };
  }

  /** The id under which the subject has this very schema; null where it has not. */
  async find(subject: string, schema: string): Promise<number | null> {
    const answer = await this.#ask('POST', subjectPath(subject), jsonSchema(schema));
    if (answer.status === 404) return null;
    return idOf(answer) ?? this.#refuse(`looking up ${subject}`, answer);
  }

  /** Why the subject would not take this schema after its latest one; null where it would, and where it has none. */
  async incompatibility(subject: string, schema: string): Promise<string | null> {
    const path = `/compatibility${subjectPath(subject)}/versions/latest?verbose=true`;
    const answer = await this.#ask('POST', path, jsonSchema(schema));
    if (answer.status === 404 || answer.body['is_compatible'] === true) return null;
    if (answer.body['is_compatible'] === false) return reasonOf(answer);
    return this.#refuse(`checking ${subject}`, answer);
  }

  /** The id that the schema gets as the subject's newest version, or has already. */
  async register(subject: string, schema: string): Promise<number> {
    const answer = await this.#ask('POST', `${subjectPath(subject)}/versions`, jsonSchema(schema));
    return idOf(answer) ?? this.#refuse(`registering ${subject}`, answer);
  }

  /** Whether the subject has any version. */
  async isKnown(subject: string): Promise<boolean> {
    const answer = await this.#ask('GET', `${subjectPath(subject)}/versions`);
    if (answer.status === 404) return false;
    return answer.status === 200 || this.#refuse(`asking for ${subject}`, answer);
  }

  /** Which changes the subject takes from now on. False where the registry leaves that to somebody else. */
  async setCompatibility(subject: string, compatibility: 'FORWARD'): Promise<boolean> {
    const answer = await this.#ask('PUT', `/config/${encodeURIComponent(subject)}`, { compatibility });
    return answer.status === 200;
  }

  async #ask(method: string, path: string, body?: object): Promise<RegistryAnswer> {
    let status: number;
    let text: string;
    try {
      const answer = await fetch(`${this.#url}${path}`, {
        method,
        headers: this.#headers,
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      });
      status = answer.status;
      text = await answer.text();
    } catch (cause) {
      const why = (cause as Error).cause instanceof Error ? ((cause as Error).cause as Error) : (cause as Error);
      throw new StorageError('unavailable', `The schema registry at ${this.#url} gave no answer: ${why.message}`, {
        cause,
      });
    }
    return { status, body: parsed(text) };
  }

  /** @throws always */
  #refuse(what: string, answer: RegistryAnswer): never {
    const { status } = answer;
    const where = `The schema registry at ${this.#url} (SCHEMA_REGISTRY_URL)`;
    if (status === 401 || status === 403) {
      const names = 'SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD, or SCHEMA_REGISTRY_TOKEN';
      throw new StorageError('setting-refused', `${where} refuses ${what} with ${status}; check ${names}`);
    }
    const isPassing = status === 408 || status === 429 || status >= 500;
    const message = `${where} answered ${what} with ${status}: ${reasonOf(answer)}`;
    throw new StorageError(isPassing ? 'unavailable' : 'setting-refused', message);
  }
}

function subjectPath(subject: string): string {
  return `/subjects/${encodeURIComponent(subject)}`;
}

function jsonSchema(schema: string): object {
  return { schemaType: 'JSON', schema };
}

function idOf({ status, body }: RegistryAnswer): number | null {
  const { id } = body;
  return status === 200 && typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < 2 ** 32 ? id : null;
}

/** Confluent lists `messages`, Apicurio gives a `reason`, errors have a `message`. */
function reasonOf({ body }: RegistryAnswer): string {
  const { messages, reason, message } = body;
  const said = Array.isArray(messages) ? messages.join('; ') : (reason ?? message);
  return typeof said === 'string' && said !== '' ? said.slice(0, REASON_CHARACTERS_MAX) : 'it gave no reason';
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function authorization(credentials: NonNullable<RegistrySettings['credentials']>): string {
  if ('token' in credentials) return `Bearer ${credentials.token}`;
  const { username, password } = credentials;
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
