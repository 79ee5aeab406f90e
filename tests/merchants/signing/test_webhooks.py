"""Our deliveries' signatures against the vectors and the reference library of Standard Webhooks."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from merchants.signing import webhooks

VECTORS = Path(__file__).parent.parent / "vectors"
OURS = [
    vector
    for name in ("standard_webhooks.json", "published_standard_webhooks.json")
    for vector in json.loads((VECTORS / name).read_text())["vectors"]
    if vector.get("kind") != "v1a"
]


@pytest.mark.parametrize(
    "vector",
    [v for v in OURS if v["id"] in {"valid", "lib-sign"}],
    ids=lambda v: v["id"],
)
def test_the_published_signatures_are_ours(vector):
    theirs = vector["headers"]
    ours = webhooks.headers(
        message_id=theirs["webhook-id"],
        at=datetime.fromtimestamp(int(theirs["webhook-timestamp"]), tz=UTC),
        body=vector["body"],
        secrets_in_force=[vector["secret"]],
    )
    assert ours == theirs


def test_while_a_secret_rotates_a_receiver_with_either_secret_accepts():
    old, new = webhooks.new_secret(), webhooks.new_secret()
    headers = webhooks.headers(
        message_id="evt_1", at=datetime.now(tz=UTC), body="{}", secrets_in_force=[new, old]
    )
    for secret in (old, new):
        Webhook(secret).verify("{}", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(webhooks.new_secret()).verify("{}", headers)


def test_a_secret_holds_32_random_bytes():
    secrets = {webhooks.new_secret() for _ in range(20)}
    assert len(secrets) == 20
    assert {len(base64.b64decode(s.removeprefix("whsec_"))) for s in secrets} == {32}
