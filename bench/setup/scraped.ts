/** Values of one Prometheus metric of a running program, by their labels. */
export async function scraped(port: number, metric: string): Promise<Map<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const found = /^(\w+)(\{.*\})? (\S+)$/.exec(line);
    if (found?.[1] === metric) values.set(found[2] ?? '', Number(found[3]));
  }
  return values;
}
