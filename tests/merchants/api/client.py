"""A merchant's own program: signs what it sends, or sends a bearer secret."""

import json
import uuid
from datetime import datetime

from django.test import Client
from django.utils import timezone

from merchants.services.api_keys import Issued
from merchants.signing import messages
from tests.factories.merchants import Signer

HOST = "localhost"
ORIGIN = f"http://{HOST}"
WRITING = {"POST", "PUT", "PATCH", "DELETE"}


class ApiClient:
    """`headers` given to a call go over what the client would send; None leaves a header out."""

    def __init__(self, credential: Signer | Issued | None) -> None:
        self.credential = credential
        self.http = Client(raise_request_exception=False, SERVER_NAME=HOST)

    @property
    def merchant(self):
        return self.credential.key.merchant

    def get(self, path, **kwargs):
        return self.send("GET", path, **kwargs)

    def post(self, path, data=None, **kwargs):
        return self.send("POST", path, data, **kwargs)

    def patch(self, path, data=None, **kwargs):
        return self.send("PATCH", path, data, **kwargs)

    def delete(self, path, **kwargs):
        return self.send("DELETE", path, **kwargs)

    def send(self, method, path, data=None, *, body=None, headers=None, key=None, **signing):
        if body is None:
            body = b"" if data is None else json.dumps(data).encode()
        sent = self.headers(method, path, body, headers or {}, key=key, **signing)
        return self.raw(method, path, body, sent)

    def raw(self, method, path, body, headers):
        """Sends exactly this."""
        content_type = headers.pop("Content-Type", None)
        environ = {"RAW_URI": path} | ({"CONTENT_TYPE": content_type} if content_type else {})
        return self.http.generic(
            method, path, body, content_type=content_type or "", headers=headers, **environ
        )

    def headers(self, method, path, body, over, *, key=None, now: datetime | None = None, nonce=""):
        plain = {}
        if body:
            plain["Content-Type"] = "application/json"
        if method in WRITING:
            plain["Idempotency-Key"] = key or str(uuid.uuid4())
        plain = {k: v for k, v in {**plain, **over}.items() if v is not None}
        match self.credential:
            case Signer():
                signed = messages.sign_request(
                    messages.Request(method, ORIGIN + path, plain),
                    body=body,
                    key_id=self.credential.key.public_id,
                    algorithm=self.credential.algorithm,
                    private_key=self.credential.private_key,
                    now=now or timezone.now(),
                    nonce=nonce,
                )
                return {**plain, **signed}
            case Issued():
                return {**plain, "Authorization": f"Bearer {self.credential.secret}"}
            case None:
                return plain
