"""Around every answer under /v1/: an id, never HTML for a failure, and the platform's signature."""

import logging
import re
from collections.abc import Callable
from urllib.parse import unquote

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase, StreamingHttpResponse
from django.utils import timezone

from audit.ids import new_id
from audit.vault import KeyringUnusable
from merchants.api import signatures, texts
from merchants.api.errors import CONTENT_TYPE, ApiError, render, unavailable

logger = logging.getLogger(__name__)

PREFIX = "/v1/"
REQUEST_ID = "X-Request-Id"
# Empty where the server was given none.
LENGTH = re.compile(r"[0-9]{0,18}", re.ASCII)
# What Django and its middleware answer by themselves, before or instead of a view.
CODES = {
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    503: "temporarily_unavailable",
}


class MerchantAnswers:
    """Stands first, so that nothing leaves without passing here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = new_id("req")
        request.request_id = request_id  # type: ignore[attr-defined]
        # Ours instead of the client's: the log binds what stands here.
        request.META["HTTP_X_REQUEST_ID"] = request_id
        if request.path.startswith(PREFIX):
            response = self._as_problem(request, self._answer(request))
            response = self._signed(request, response)
            response.setdefault("Cache-Control", "no-store")
        else:
            response = self._ask(request)
        response[REQUEST_ID] = request_id
        return response

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        # Every address ends in a log further in, so a card number in one must not get there.
        if texts.is_card_data(unquote(request.get_full_path())):
            return render(request, ApiError("card_data_not_allowed"))
        return self._ask(request)

    def _ask(self, request: HttpRequest) -> HttpResponseBase:
        # Further in, it is read as a number without a second look.
        if not LENGTH.fullmatch(request.headers.get("Content-Length", "")):
            return HttpResponse(status=400)
        return self.get_response(request)

    def _as_problem(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        status = response.status_code
        if status < 300 or response.get("Content-Type", "").startswith(CONTENT_TYPE):
            return response
        problem = render(request, ApiError(_code(status)))
        if "Allow" in response:
            problem["Allow"] = response["Allow"]
        return problem

    def _signed(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        body = b"" if request.method == "HEAD" else _content(response)
        try:
            signatures.sign(request, response, body=body, now=timezone.now())
        except KeyringUnusable as error:
            # An answer that cannot be proved is not given; the retry gets the one that was kept.
            logger.critical("answers cannot be signed: %s", error)
            return render(request, unavailable())
        return response


def _code(status: int) -> str:
    if status < 400:
        # Django redirects to https; following that would send the secret a second time.
        return "https_required"
    return CODES.get(status, "request_invalid" if status < 500 else "internal_error")


def _content(response: HttpResponseBase) -> bytes:
    if isinstance(response, HttpResponse):
        return response.content
    if isinstance(response, StreamingHttpResponse):
        content = response.getvalue()
        response.streaming_content = [content]
        return content
    raise TypeError(type(response))
