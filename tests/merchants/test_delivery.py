"""Where a merchant's address may lead, and where not."""

# ruff: noqa: RUF001 - characters that look like others are what is tested

import socket
import threading
import time
from contextlib import suppress

import pytest
from werkzeug import Response

from merchants import delivery
from merchants.delivery import UrlForbidden, check_url, post

# reliability.md's corpus: every spelling of an inner address that somebody thought of.
FORBIDDEN = [
    "https://127.0.0.1/",
    "https://127.1/",
    "https://0/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://2130706433/",
    "https://017700000001/",
    "https://localhost/",
    "https://localhost./",
    "https://api.localhost/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b:1::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:7f00:1::]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25lo]/",
    "https://[fc00::1]/",
    "https://[fd12:3456::1]/",
    "https://[ff02::1]/",
    "https://169.254.169.254/latest/meta-data/",
    "https://metadata.google.internal/",
    "https://100.64.0.1/",
    "https://10.0.0.1/",
    "https://192.168.1.1/",
    "https://172.16.0.1/",
    "https://0.0.0.0/",
    "https://224.0.1.1/",
    "https://255.255.255.255/",
    "https://240.0.0.1/",
    "https://192.0.2.1/",
    "https://198.18.0.1/",
    "http://shop.example.com/",
    "file:///etc/passwd",
    "gopher://shop.example.com/",
    "ftp://shop.example.com/",
    "https://user@shop.example.com/",
    "https://user:pass@shop.example.com/",
    "https://good@127.0.0.1/",
    "https://127.0.0.1#@good.example.com/",
    "https://shop.example.com#@127.0.0.1/",
    "https://shop.example.com\\@127.0.0.1/",
    "https://shop.example.com/\\..",
    "https://shop.example.com/a b",
    "https://shop.example.com/\ta",
    "https://shop.example.com/\n",
    "https://shop.example.com\r\nHost: 127.0.0.1/",
    "https://①②⑦.⓪.⓪.①/",
    "https://１２７.0.0.1/",
    "https://bücher.example.com/",
    "https://shop.example.com:22/",
    "https://shop.example.com:5432/",
    "https://shop.example.com:6379/",
    "https://shop.example.com:80/",
    "https://shop.example.com:0/",
    "https://shop.example.com:99999/",
    "https://intranet/",
    "https://printer.local/",
    "https://vault.internal/",
    "https:///hook",
    "https:shop.example.com",
    "//shop.example.com/",
    "shop.example.com/hook",
    "",
    "https://shop.example.com/" + "a" * 2000,
]
ALLOWED = [
    "https://shop.example.com",
    "https://shop.example.com/hook?token=a%20b&x=1",
    "https://shop.example.com:443/",
    "https://shop.example.com:8443/hook",
    "https://xn--bcher-kva.example.com/",
    "https://93.184.216.34/hook",
    "https://[2606:2800:220:1:248:1893:25c8:1946]/hook",
]


@pytest.fixture
def public_only(settings):
    settings.MERCHANT_WEBHOOKS_MAY_USE_LOOPBACK = False


@pytest.mark.usefixtures("public_only")
@pytest.mark.parametrize("url", FORBIDDEN)
def test_an_inner_address_is_refused_however_it_is_written(url):
    with pytest.raises(UrlForbidden):
        check_url(url)


@pytest.mark.usefixtures("public_only")
@pytest.mark.parametrize("url", ALLOWED)
def test_a_public_https_address_is_taken(url):
    check_url(url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/hook", "https://localhost:9000/", "http://[::1]:8080/x"]
)
def test_the_setting_opens_loopback(url):
    check_url(url)


@pytest.mark.parametrize(
    "url", ["http://shop.example.com/", "https://10.0.0.1/", "http://192.168.1.1/", "https://0/"]
)
def test_the_setting_opens_nothing_but_loopback(url):
    with pytest.raises(UrlForbidden):
        check_url(url)


@pytest.mark.usefixtures("public_only")
@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["10.1.2.3"], ["93.184.216.34", "10.1.2.3"], ["::1"], ["169.254.169.254"]],
)
def test_a_public_name_with_an_inner_address_is_not_called(monkeypatch, addresses):
    """nip.io names, CNAMEs to the inside, several addresses of which one is private."""
    answers(monkeypatch, addresses)
    with pytest.raises(UrlForbidden):
        post("https://127.0.0.1.nip.example/hook", body=b"{}", headers={})


@pytest.mark.usefixtures("public_only")
def test_a_name_that_changes_its_answer_is_asked_once_and_the_first_answer_is_called(monkeypatch):
    asked = answers(monkeypatch, ["93.184.216.34"])
    connected = []

    def connect(address, *_args, **_kwargs):
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)

    answer = post("https://rebind.example.com/hook", body=b"{}", headers={})

    assert answer.status is None
    assert asked == ["rebind.example.com"]
    assert connected == ["93.184.216.34"]


def answers(monkeypatch, addresses):
    asked = []

    def getaddrinfo(host, port, *_args, **_kwargs):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_what_is_sent_arrives_as_it_is(httpserver):
    httpserver.expect_request("/hook", method="POST").respond_with_data("ok")

    answer = post(httpserver.url_for("/hook?a=b"), body=b'{"x":"\xc3\xa9"}', headers={"x-y": "z"})

    request, _ = httpserver.log[0]
    assert answer.status == 200
    assert request.data == b'{"x":"\xc3\xa9"}'
    assert request.headers["x-y"] == "z"
    assert request.headers["host"] == f"{httpserver.host}:{httpserver.port}"
    assert request.query_string == b"a=b"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(httpserver, status):
    httpserver.expect_request("/hook").respond_with_data(
        status=status, headers={"Location": httpserver.url_for("/inside")}
    )
    httpserver.expect_request("/inside").respond_with_data("secret")

    assert post(httpserver.url_for("/hook"), body=b"{}", headers={}).status == status
    assert [request.path for request, _ in httpserver.log] == ["/hook"]


@pytest.mark.parametrize(
    ("header", "seconds"), [("120", 120.0), ("soon", None), ("-5", None), ("", None), ("１", None)]
)
def test_retry_after_is_read_where_it_makes_sense(httpserver, header, seconds):
    httpserver.expect_request("/hook").respond_with_data(
        status=503, headers={"Retry-After": header.encode().decode("latin-1")}
    )
    answer = post(httpserver.url_for("/hook"), body=b"{}", headers={})
    assert answer.retry_after_seconds == seconds


def test_no_more_of_an_endless_answer_is_read_than_the_limit(httpserver):
    sent = []

    def endless(_request):
        def chunks():
            for _ in range(1000):
                sent.append(1)
                yield b"x" * 65_536

        return Response(chunks(), status=200)

    httpserver.expect_request("/hook").respond_with_handler(endless)
    assert post(httpserver.url_for("/hook"), body=b"{}", headers={}).status == 200
    assert len(sent) < 200


def test_a_slow_drip_ends_at_the_deadline(monkeypatch, httpserver):
    monkeypatch.setattr(delivery, "DEADLINE_SECONDS", 0.2)
    stop = threading.Event()

    def drip(_request):
        def chunks():
            while not stop.wait(0.05):
                yield b"x"

        return Response(chunks(), status=200)

    httpserver.expect_request("/hook").respond_with_handler(drip)
    assert post(httpserver.url_for("/hook"), body=b"{}", headers={}).status == 200
    stop.set()


def test_dripping_headers_end_at_the_deadline_too(monkeypatch):
    monkeypatch.setattr(delivery, "DEADLINE_SECONDS", 0.3)
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip():
            receiver, _ = server.accept()
            with receiver, suppress(OSError):
                receiver.sendall(b"HTTP/1.1 200 OK\r\n")
                while not stop.wait(0.05):
                    receiver.sendall(b"X-Slow: x\r\n")

        threading.Thread(target=drip, daemon=True).start()
        began = time.monotonic()
        answer = post(f"http://127.0.0.1:{server.getsockname()[1]}/", body=b"{}", headers={})
    stop.set()
    assert answer.status is None
    assert answer.error
    assert time.monotonic() - began < 3


def test_a_receiver_that_says_nothing_after_its_status_is_left_at_the_deadline(monkeypatch):
    monkeypatch.setattr(delivery, "DEADLINE_SECONDS", 0.3)
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def stall():
            receiver, _ = server.accept()
            with receiver:
                receiver.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
                stop.wait(10)

        threading.Thread(target=stall, daemon=True).start()
        began = time.monotonic()
        answer = post(f"http://127.0.0.1:{server.getsockname()[1]}/", body=b"{}", headers={})
    stop.set()
    assert answer.status == 200
    assert time.monotonic() - began < 3


def test_nobody_at_home_is_an_answer_without_a_status():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    answer = post(f"http://127.0.0.1:{port}/", body=b"{}", headers={})
    assert answer.status is None
    assert "ConnectError" in answer.error
