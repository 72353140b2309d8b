"""Asks the metrics API through the client that was generated from its own description."""
import sys

sys.path.insert(0, sys.argv[1])
from metrics_client import Client  # noqa: E402
from metrics_client.api.metrics import list_metrics, summarize_metrics  # noqa: E402

client = Client(base_url=sys.argv[2], raise_on_unexpected_status=True)
rows = list_metrics.sync(client=client, tenant_id="clients", limit=1)
total = summarize_metrics.sync(client=client, tenant_id="clients")
print(rows.metrics[0].requests, total.summary[0].prompt_tokens)
