"""Sending errors to Sentry and traces to an OpenTelemetry collector, where variables name them.

Neither is told anything that a log would not be told: secrets and card numbers are masked first.
"""

import os
import sys
from typing import Any

from audit.redaction import redacted

SERVICE = "zerosum"


def start() -> None:
    """Reads SENTRY_DSN and OTEL_EXPORTER_OTLP_ENDPOINT; does nothing for one that is not set.

    Ends the process with one line when a variable is set and cannot be used.
    """
    if dsn := os.environ.get("SENTRY_DSN"):
        _start_sentry(dsn)
    if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        _start_tracing()


def _start_sentry(dsn: str) -> None:
    import sentry_sdk  # noqa: PLC0415 - loaded only where it is wanted
    from sentry_sdk.utils import BadDsn  # noqa: PLC0415

    try:
        sentry_sdk.init(dsn=dsn, include_local_variables=False, before_send=_masked)
    except BadDsn as error:
        sys.exit(f"zerosum: SENTRY_DSN cannot be used: {error}")


def _masked(event: Any, _hint: Any) -> Any:
    return redacted(event)


def _start_tracing() -> None:
    try:
        from opentelemetry import trace  # noqa: PLC0415 - installed only where it is wanted
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )
        from opentelemetry.instrumentation.celery import CeleryInstrumentor  # noqa: PLC0415
        from opentelemetry.instrumentation.django import DjangoInstrumentor  # noqa: PLC0415
        from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        sys.exit(
            "zerosum: OTEL_EXPORTER_OTLP_ENDPOINT is set, but a package is missing: "
            f"pip install -r requirements-otel.txt ({error})"
        )
    provider = TracerProvider(resource=Resource.create({"service.name": SERVICE}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    for instrumentor in (DjangoInstrumentor(), CeleryInstrumentor(), PsycopgInstrumentor()):
        instrumentor.instrument()
