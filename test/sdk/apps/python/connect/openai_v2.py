"""OpenTelemetry's own instrumentation, started by `opentelemetry-instrument`: the page has no code for it."""

from model_calls import call_openai

call_openai()
