"""The calls that the applications make: one plain, one streamed with usage."""

MODEL = "gpt-4o-mini"
MESSAGES = [{"role": "user", "content": "Hello"}]


def call_openai():
    """With the OpenAI SDK, imported late so that instrumentation is there first."""
    from openai import OpenAI

    create = OpenAI(max_retries=0).chat.completions.create
    create(model=MODEL, messages=MESSAGES)
    for _ in create(model=MODEL, messages=MESSAGES, stream=True, stream_options={"include_usage": True}):
        pass


def flush():
    """Sends what the exporter still holds."""
    from opentelemetry import trace

    trace.get_tracer_provider().force_flush()
