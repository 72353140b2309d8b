"""Joins llm.requests and llm.responses by request_id, adds the calls up per series and minute of the request's time, and
writes each changed row to <application id>.metrics.

Arguments: bootstrap servers, application id. The program is Python, the engine that runs it is not; two threads.
"""

import sys

import numpy
import pathway as pw


class Request(pw.Schema):
    request_id: str
    tenant_id: str
    route: str
    model: str
    timestamp: str
    prompt_tokens: int


class Response(pw.Schema):
    request_id: str
    latency_ms: float
    completion_tokens: int
    error: str | None


bootstrap, application = sys.argv[1:]
producer = {"bootstrap.servers": bootstrap, "linger.ms": "50", "compression.type": "lz4"}


# A bucket of a log histogram of base 2^(1/32), for a thousand rows at a time.
@pw.udf(deterministic=True, max_batch_size=1024)
def bucket_of(latencies_ms: list[float]) -> list[int]:
    return numpy.ceil(numpy.log2(numpy.maximum(latencies_ms, 0.0625)) * 32).astype(int).tolist()


@pw.udf(deterministic=True)
def p95_of(buckets: tuple[tuple[int, int], ...], calls: int) -> float:
    rank = max(1, -(-calls * 95 // 100))
    for bucket, count in buckets:
        rank -= count
        if rank <= 0:
            return 2 ** (bucket / 32)
    return 0.0


# One reader a topic in a group of its own: where readers share a group, partitions move between them while they start,
# and what was read before is read and counted again.
def read(topic: str, schema: type[pw.Schema]) -> pw.Table:
    consumer = {
        "bootstrap.servers": bootstrap,
        "group.id": f"{application}.{topic}",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": "false",
    }
    return pw.io.kafka.read(
        consumer, topic, schema=schema, format="json", autocommit_duration_ms=1000, parallel_readers=1
    )


requests = read("llm.requests", Request)
responses = read("llm.responses", Response)
calls = requests.join(responses, pw.left.request_id == pw.right.request_id).select(
    series=pw.left.tenant_id + "|" + pw.left.route + "|" + pw.left.model,
    minute=pw.left.timestamp.str.slice(0, 16),
    prompt_tokens=pw.left.prompt_tokens,
    completion_tokens=pw.right.completion_tokens,
    latency_ms=pw.right.latency_ms,
    errors=pw.if_else(pw.right.error.is_none(), 0, 1),
    bucket=bucket_of(pw.right.latency_ms),
)
buckets = calls.groupby(pw.this.series, pw.this.minute, pw.this.bucket).reduce(
    pw.this.series,
    pw.this.minute,
    pw.this.bucket,
    calls=pw.reducers.count(),
    errors=pw.reducers.sum(pw.this.errors),
    prompt_tokens=pw.reducers.sum(pw.this.prompt_tokens),
    completion_tokens=pw.reducers.sum(pw.this.completion_tokens),
    latency_ms=pw.reducers.sum(pw.this.latency_ms),
)
windows = (
    buckets.select(*pw.this, in_bucket=pw.make_tuple(pw.this.bucket, pw.this.calls))
    .groupby(pw.this.series, pw.this.minute)
    .reduce(
        window=pw.this.series + "|" + pw.this.minute,
        requests=pw.reducers.sum(pw.this.calls),
        errors=pw.reducers.sum(pw.this.errors),
        prompt_tokens=pw.reducers.sum(pw.this.prompt_tokens),
        completion_tokens=pw.reducers.sum(pw.this.completion_tokens),
        latency_ms=pw.reducers.sum(pw.this.latency_ms),
        buckets=pw.reducers.sorted_tuple(pw.this.in_bucket),
    )
)
rows = windows.select(
    pw.this.window,
    pw.this.requests,
    pw.this.errors,
    pw.this.prompt_tokens,
    pw.this.completion_tokens,
    avg_latency_ms=pw.this.latency_ms / pw.this.requests,
    p95_latency_ms=p95_of(pw.this.buckets, pw.this.requests),
)
pw.io.kafka.write(rows, producer, f"{application}.metrics", format="json", key=rows.window)
pw.run(monitoring_level=pw.MonitoringLevel.NONE)
