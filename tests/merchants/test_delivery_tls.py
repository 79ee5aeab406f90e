"""The connection goes to the pinned address, but the certificate must be the name's."""

import ssl
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pytest_httpserver import HTTPServer

from merchants import delivery
from tests.merchants.test_delivery import answers

NAME = "hook.example.com"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate that is its own authority, for NAME alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(tz=UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(tz=UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    path.write_bytes(
        made.public_bytes(Encoding.PEM)
        + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return path


@pytest.fixture
def tls_server(certificate, monkeypatch):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(delivery, "_tls", lambda: trusting)
    with HTTPServer(host="127.0.0.1", port=0, ssl_context=context) as server:
        server.expect_request("/hook").respond_with_data("ok")
        yield server


def test_the_certificate_is_checked_against_the_name_not_the_address(tls_server, monkeypatch):
    answers(monkeypatch, ["127.0.0.1"])
    answer = delivery.post(f"https://{NAME}:{tls_server.port}/hook", body=b"{}", headers={})
    assert (answer.status, answer.error) == (200, "")


def test_a_certificate_for_another_name_ends_the_attempt(tls_server, monkeypatch):
    answers(monkeypatch, ["127.0.0.1"])
    answer = delivery.post(
        f"https://other.example.com:{tls_server.port}/hook", body=b"{}", headers={}
    )
    assert answer.status is None
    assert "CERTIFICATE_VERIFY_FAILED" in answer.error
    assert not tls_server.log


def test_certificates_are_checked_by_default():
    delivery._tls.cache_clear()
    assert delivery._tls().verify_mode == ssl.CERT_REQUIRED
    assert delivery._tls().check_hostname
    assert isinstance(delivery.TIMEOUT, httpx2.Timeout)
