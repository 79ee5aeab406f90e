"""The channels' door, when nothing can be stored."""

import pytest
from django.db import InterfaceError, OperationalError

from payments.callbacks import views


@pytest.mark.parametrize("away", [OperationalError, InterfaceError])
def test_a_callback_that_cannot_be_stored_is_to_be_delivered_again(rf, monkeypatch, away):
    def receive(**_):
        raise away("the connection is lost")

    monkeypatch.setattr(views.callbacks, "receive", receive)
    request = rf.post("/callbacks/sandbox/cha_1", b"{}", content_type="application/json")

    assert views.receive(request, "sandbox", "cha_1").status_code == 503
