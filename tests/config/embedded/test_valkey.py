"""One Valkey, told to Django and to Celery in their own spelling."""

import pytest

from config.embedded import valkey


@pytest.mark.parametrize(
    ("cache", "broker"),
    [
        ("redis://cache:6379/0", "redis://cache:6379/1"),
        ("rediss://user:pw@cache:6379/0?ssl_cert_reqs=required", None),
        ("unix:///run/valkey.sock?db=0", "redis+socket:///run/valkey.sock?virtual_host=1"),
        ("unix://:pw@/run/valkey.sock", "redis+socket://:pw@/run/valkey.sock?virtual_host=1"),
    ],
)
def test_broker_is_database_one_beside_the_cache(cache, broker):
    expected = broker or cache.replace("/0?", "/1?")
    assert valkey.broker_beside(cache) == expected
