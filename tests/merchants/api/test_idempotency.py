"""One request, one effect, one answer, however often and from wherever it comes."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from audit.models import Record
from merchants.api.frame import MerchantAPIView
from merchants.models import IdempotencyRecord, WebhookEndpoint
from merchants.services import idempotency, onboarding
from tests.factories.merchants import bearer, signer
from tests.merchants.api.bad_inputs import refused
from tests.merchants.api.client import ApiClient
from tests.merchants.api.wishes import Wishes

PATH = "/v1/webhook_endpoints"
BODY = {"url": "https://shop.example.com/hook"}


class Dead(BaseException):
    """The process is gone: nothing is caught, nothing is cleaned up."""


@pytest.mark.django_db
class TestReplay:
    def test_the_first_answer_comes_again_byte_for_byte(self, api):
        first = api.post(PATH, BODY, key="k-1")
        again = api.post(PATH, BODY, key="k-1")

        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again["Content-Type"] == first["Content-Type"]
        assert again["Idempotent-Replayed"] == "true"
        assert "Idempotent-Replayed" not in first
        assert WebhookEndpoint.objects.count() == 1

    def test_every_writing_method_is_replayed(self, api):
        made = f"{PATH}/{api.post(PATH, BODY).json()['id']}"
        for method, address, body in [
            ("PATCH", made, {"description": "x"}),
            ("POST", f"{made}/rotate_secret", None),
            ("POST", f"{made}/replay", {"after": 0}),
            ("DELETE", made, None),
        ]:
            first = api.send(method, address, body, key="k")
            again = api.send(method, address, body, key="k")
            assert first.status_code == 200
            assert again.content == first.content
            assert again["Idempotent-Replayed"] == "true"

    def test_another_body_under_the_same_key_is_refused(self, api):
        api.post(PATH, BODY, key="k-1")
        refused(api.post(PATH, {**BODY, "description": "x"}, key="k-1"), "idempotency_key_reused")
        # The same JSON in other bytes is another body: the fingerprint is over the bytes.
        raw = api.post(PATH, body=b'{ "url": "https://shop.example.com/hook" }', key="k-1")
        refused(raw, "idempotency_key_reused")

    def test_a_quoted_key_is_the_same_key(self, api):
        first = api.post(PATH, BODY, key='"k-1"')
        assert api.post(PATH, BODY, key="k-1").content == first.content

    def test_merchants_modes_and_addresses_do_not_share_keys(self, api, test_api, stranger):
        answers = {c.post(PATH, BODY, key="k-1").json()["id"] for c in (api, test_api, stranger)}
        assert len(answers) == 3

    @pytest.mark.parametrize(
        ("key", "code"),
        [
            (None, "idempotency_key_missing"),
            ("", "idempotency_key_invalid"),
            ("k" * 256, "idempotency_key_invalid"),
            ("a b", "idempotency_key_invalid"),
            ("a\tb", "idempotency_key_invalid"),
            ('""', "idempotency_key_invalid"),
        ],
    )
    def test_a_key_that_cannot_be_one_is_refused(self, test_api, key, code):
        response = test_api.post(PATH, BODY, headers={"Idempotency-Key": key})
        refused(response, code)
        assert not WebhookEndpoint.objects.exists()

    def test_all_visible_ascii_makes_a_key(self, api):
        key = "".join(chr(c) for c in range(0x21, 0x7F)) + "k" * 161
        assert len(key) == 255
        assert api.post(PATH, BODY, key=key).status_code == 201

    @pytest.mark.parametrize(
        "spoilt",
        [
            {"data": {"url": "https://10.0.0.1/"}},
            {"data": {}},
            {"body": b"no json"},
            {"data": BODY, "headers": {"Content-Type": "text/plain"}},
            {"data": BODY, "headers": {"Content-Encoding": "gzip"}},
        ],
    )
    def test_a_refused_request_burns_no_key(self, api, spoilt):
        assert api.post(PATH, **spoilt, key="k-1").status_code in range(400, 500)
        assert not IdempotencyRecord.objects.exists()
        assert api.post(PATH, BODY, key="k-1").status_code == 201

    def test_an_unauthenticated_or_throttled_request_burns_no_key(self, api, settings):
        ApiClient(None).post(PATH, BODY, key="k-1")
        settings.API_REQUESTS_PER_MINUTE = 0
        refused(api.post(PATH, BODY, key="k-1"), "rate_limited")
        assert not IdempotencyRecord.objects.exists()

    def test_an_answer_with_a_secret_is_kept_sealed(self, api):
        secret = api.post(PATH, BODY, key="k-1").json()["secret"]
        assert secret not in str(IdempotencyRecord.objects.values().get())

    def test_a_crash_inside_one_transaction_leaves_nothing_and_burns_no_key(self, api, monkeypatch):
        def crash(*_args, **_kwargs):
            raise ZeroDivisionError

        with monkeypatch.context() as patch:
            patch.setattr(idempotency, "complete", crash)
            refused(api.post(PATH, BODY, key="k-1"), "internal_error")
        assert not WebhookEndpoint.objects.exists()
        assert api.post(PATH, BODY, key="k-1").status_code == 201

    def test_the_frame_spends_four_statements_on_a_write(self, api):
        """Lookup, nonce, begin, complete; the rest is the endpoint's own."""
        made = f"{PATH}/{api.post(PATH, BODY).json()['id']}"
        with CaptureQueriesContext(connection) as spent:
            api.patch(made, {"description": "x"})
        touched = [
            table
            for query in spent.captured_queries
            for table in ("merchants_apikey", "merchants_seennonce", "merchants_idempotencyrecord")
            if table in query["sql"]
        ]
        assert sorted(touched) == [
            "merchants_apikey",
            "merchants_idempotencyrecord",
            "merchants_idempotencyrecord",
            "merchants_seennonce",
        ]


@pytest.mark.django_db
@pytest.mark.urls("tests.merchants.api.wishes")
class TestResume:
    @pytest.fixture(autouse=True)
    def forget_fates(self):
        Wishes.resumed.clear()
        yield
        Wishes.fate = ""

    def wish(self, api, **kwargs):
        return api.post("/v1/wishes", {"name": "A wish"}, key="w-1", **kwargs)

    def test_what_was_begun_is_resumed_and_never_begun_again(self, api):
        Wishes.fate = "refused after attaching"
        refused(self.wish(api), "temporarily_unavailable")
        Wishes.fate = ""

        again = self.wish(api)

        assert again.status_code == 201
        assert Wishes.resumed == [again.json()["id"]]
        assert Record.objects.filter(action="merchant.created").count() == 1
        assert self.wish(api).content == again.content

    def test_a_dead_process_leaves_a_lease_and_its_retry_takes_over(self, api, monkeypatch):
        def die(*_args, **_kwargs):
            raise Dead

        with monkeypatch.context() as patch:
            patch.setattr(idempotency, "complete", die)
            patch.setattr(idempotency, "abandon", lambda *_args, **_kwargs: None)
            with pytest.raises(Dead):
                self.wish(api)

        early = self.wish(api)
        refused(early, "idempotency_in_progress")
        assert int(early["Retry-After"]) >= 1
        with time_machine.travel(datetime.now(tz=UTC) + timedelta(seconds=61)):
            late = self.wish(api)
        assert late.status_code == 201
        assert Wishes.resumed == [late.json()["id"]]

    def test_a_dead_process_that_had_begun_nothing_is_begun_again(self, api, monkeypatch):
        def die(*_args, **_kwargs):
            raise Dead

        with monkeypatch.context() as patch:
            patch.setattr(onboarding, "create_merchant", die)
            patch.setattr(idempotency, "abandon", lambda *_args, **_kwargs: None)
            with pytest.raises(Dead):
                self.wish(api)
        with time_machine.travel(datetime.now(tz=UTC) + timedelta(seconds=61)):
            assert self.wish(api).status_code == 201
        assert Wishes.resumed == []

    def test_a_worker_that_lost_its_lease_answers_in_progress(self, api, monkeypatch):
        ordinary = onboarding.create_merchant

        def slow(**kwargs):
            IdempotencyRecord.objects.update(lease_token="00000000-0000-0000-0000-000000000001")
            return ordinary(**kwargs)

        monkeypatch.setattr(onboarding, "create_merchant", slow)
        refused(self.wish(api), "idempotency_in_progress")
        assert timedelta(seconds=60) == idempotency.LEASE


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("credential", [signer, bearer])
def test_fifty_parallel_requests_with_one_key_make_one_row_and_one_answer(credential):
    client = ApiClient(credential())
    answers, lock = [], threading.Lock()

    def send():
        try:
            mine = ApiClient(client.credential)
            for _ in range(100):
                response = mine.post(PATH, BODY, key="k-1")
                if response.status_code != 409:
                    break
                assert response.json()["code"] == "idempotency_in_progress"
            with lock:
                answers.append((response.status_code, response.content))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(answers) == 50
    assert len(set(answers)) == 1
    assert answers[0][0] == 201
    assert WebhookEndpoint.objects.count() == 1
    assert IdempotencyRecord.objects.count() == 1


def test_every_writing_method_of_every_view_is_framed():
    views = {
        pattern.callback.cls
        for pattern in _patterns(get_resolver("merchants.api.urls").url_patterns)
        if hasattr(pattern.callback, "cls") and issubclass(pattern.callback.cls, MerchantAPIView)
    }
    methods = [
        getattr(view, method)
        for view in views
        for method in ("post", "patch", "put", "delete")
        if hasattr(view, method)
    ]
    assert len(methods) == 5
    assert all(hasattr(method, "__wrapped__") for method in methods)


def _patterns(found):
    for pattern in found:
        if hasattr(pattern, "url_patterns"):
            yield from _patterns(pattern.url_patterns)
        else:
            yield pattern
