/** What the commands of the guide are written for. */
export interface Start {
  /** The address of the ingestion API. */
  readonly base: string;
  readonly tenant: string;
  readonly isKeyWanted: boolean;
}

/** A key is given once, in the first line, so that a block can be copied as it stands. */
const KEY_LINE = 'export STREAMLENS_KEY=sl_…   # your key\n';

export function sendSampleTraffic({ base, isKeyWanted }: Start): string {
  const key = isKeyWanted ? ' --api-key "$STREAMLENS_KEY"' : '';
  return `${isKeyWanted ? KEY_LINE : ''}streamlens generate-traffic --requests 500 --base-url ${base}${key}`;
}

/** The two addresses are told where they are not the ones that the command looks at by itself. */
export function importSessions({ base, tenant, isKeyWanted }: Start, origin: string): string {
  const options = [
    ...(base === 'http://localhost:8080' ? [] : ['--base-url', base]),
    ...(origin === 'http://localhost:8081' ? [] : ['--metrics-url', origin]),
    ...(tenant === 'default' ? [] : ['--tenant', `'${shellQuoted(tenant)}'`]),
    ...(isKeyWanted ? ['--api-key', '"$STREAMLENS_KEY"'] : []),
  ];
  return `${isKeyWanted ? KEY_LINE : ''}${['streamlens import claude-code', ...options].join(' ')}`;
}

/** The id holds the moment, so that a call sent later is another one. */
export function sendCallByHand({ base, tenant, isKeyWanted }: Start, atMs: number): string {
  const timestamp = new Date(atMs).toISOString().replace(/\.\d+/, '');
  const id = `hello-${atMs.toString(36)}`;
  const request = {
    request_id: id,
    tenant_id: tenant,
    route: 'chat',
    model: 'gpt-4.1-mini',
    timestamp,
    prompt_tokens: 312,
  };
  const response = { request_id: id, timestamp, latency_ms: 732, completion_tokens: 98, finish_reason: 'stop' };
  const key = isKeyWanted ? ' -H "authorization: Bearer $STREAMLENS_KEY"' : '';
  const post = (path: string, body: object): string =>
    `curl -X POST ${base}${path} -H 'content-type: application/json'${key} \\\n  -d '${shellQuoted(JSON.stringify(body))}'`;
  return `${isKeyWanted ? KEY_LINE : ''}${post('/v1/llm/request', request)}\n${post('/v1/llm/response', response)}`;
}

export function setUpOpenTelemetry({ base, tenant, isKeyWanted }: Start): string {
  return [
    ...(isKeyWanted ? [KEY_LINE.trimEnd()] : []),
    `export OTEL_EXPORTER_OTLP_ENDPOINT=${base}`,
    'export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf',
    ...(isKeyWanted ? ['export OTEL_EXPORTER_OTLP_HEADERS="x-api-key=$STREAMLENS_KEY"'] : []),
    `export OTEL_RESOURCE_ATTRIBUTES='tenant.id=${shellQuoted(encodeURIComponent(tenant))}'`,
  ].join('\n');
}

/** For between two single quotes. */
function shellQuoted(text: string): string {
  return text.replaceAll("'", `'\\''`);
}
