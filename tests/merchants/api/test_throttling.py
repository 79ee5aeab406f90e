import pytest
import redis
from limits.errors import StorageError

from merchants.api import throttling
from tests.factories.merchants import signer
from tests.merchants.api.bad_inputs import refused
from tests.merchants.api.client import ApiClient

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def three_a_minute(settings):
    settings.API_REQUESTS_PER_MINUTE = 3


def test_what_is_left_is_in_every_answer(api):
    answers = [api.get("/v1/events") for _ in range(3)]
    assert {a.status_code for a in answers} == {200}
    assert {a["RateLimit-Policy"] for a in answers} == {'"merchant";q=3;w=60'}
    left = [a["RateLimit"].split(";")[1] for a in answers]
    # A minute may turn between two of them; then the counting starts again.
    assert left in (["r=2", "r=1", "r=0"], ["r=2", "r=1", "r=2"], ["r=2", "r=2", "r=1"])


def test_beyond_the_limit_the_answer_is_429_with_retry_after(api):
    refusals = [r for r in (api.get("/v1/events") for _ in range(8)) if r.status_code == 429]
    assert refusals
    refused(refusals[-1], "rate_limited")
    assert 1 <= int(refusals[-1]["Retry-After"]) <= 60
    assert ";r=0;" in refusals[-1]["RateLimit"]


def test_merchants_and_modes_have_budgets_of_their_own(api, test_api, stranger, merchant):
    for _ in range(8):
        api.get("/v1/events")
    assert test_api.get("/v1/events").status_code == 200
    assert stranger.get("/v1/events").status_code == 200
    # A second key is not a second budget.
    responses = [ApiClient(signer(merchant)).get("/v1/events") for _ in range(4)]
    assert 429 in {r.status_code for r in responses}


class Away:
    """A cache that is gone, and how often it was asked."""

    asked = 0

    def incr(self, *_args):
        self.asked += 1
        raise StorageError(redis.ConnectionError("gone"))


def test_without_the_cache_requests_are_counted_here_and_the_cache_is_left_alone(api, monkeypatch):
    away = Away()
    monkeypatch.setattr(throttling, "_shared", lambda _location: away)
    statuses = [api.get("/v1/events").status_code for _ in range(8)]
    assert statuses[0] == 200
    assert 429 in statuses
    assert away.asked == 1


def test_a_cache_that_nobody_runs_costs_little(settings):
    settings.CACHE_URL = "redis://127.0.0.1:1/0"
    assert throttling.spend("mch_1:live").used == 1
    assert throttling.spend("mch_1:live").used == 2


@pytest.mark.parametrize(
    "location", ["redis://h:6379/0", "unix:///run/valkey.sock", "rediss://h:1"]
)
def test_every_kind_of_cache_address_is_understood(location):
    assert throttling._shared(location) is not None
