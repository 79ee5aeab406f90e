"""Errors go to Sentry where a variable says so, without what must not leave the house."""

import gzip
import sys

import brotli
import pytest
import sentry_sdk

from config import observability


@pytest.fixture
def no_sentry_afterwards():
    yield
    sentry_sdk.init()


def test_an_error_is_sent_with_secrets_and_card_numbers_masked(
    httpserver, monkeypatch, no_sentry_afterwards
):
    httpserver.expect_request("/api/1/envelope/").respond_with_data("")
    dsn = httpserver.url_for("/1").replace("http://", "http://public@")
    monkeypatch.setenv("SENTRY_DSN", dsn)
    observability.start()

    with sentry_sdk.new_scope() as scope:
        scope.set_extra("api_secret", "sk_test_hush")
        sentry_sdk.capture_message("paid with 4242424242424242")
    sentry_sdk.flush(timeout=10)

    sent = b"".join(_body(request) for request, _ in httpserver.log).decode()
    assert "************4242" in sent
    assert "4242424242424242" not in sent
    assert "sk_test_hush" not in sent


def test_a_dsn_that_is_none_stops_the_start(monkeypatch):
    monkeypatch.setenv("SENTRY_DSN", "not a dsn")

    with pytest.raises(SystemExit, match="SENTRY_DSN"):
        observability.start()


def test_tracing_says_which_packages_it_misses(monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "opentelemetry", None)

    with pytest.raises(SystemExit, match="requirements-otel"):
        observability.start()


def _body(request):
    unpack = {"gzip": gzip.decompress, "br": brotli.decompress}
    return unpack.get(request.headers.get("Content-Encoding"), bytes)(request.get_data())
