/** Where the ingestion API listens on this host; null where another process runs it. */
export interface IngestionPorts {
  readonly http: number;
  readonly grpc: number;
}

/** What the server wrote into the page. */
export function ingestionPorts(): IngestionPorts | null {
  const content = document.querySelector<HTMLMetaElement>('meta[name="streamlens"]')?.content ?? '';
  try {
    return (JSON.parse(content) as { ingestion: IngestionPorts | null }).ingestion;
  } catch {
    return null;
  }
}
