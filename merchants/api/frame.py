"""The parent of every view under /v1/."""

from collections.abc import Iterable
from typing import Any, ClassVar, TypeVar, cast

from django.db.models import Model, QuerySet
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from merchants.api import throttling, transport, versions
from merchants.api.authentication import Caller
from merchants.api.errors import ApiError
from merchants.api.fields import is_public_id
from merchants.api.idempotency import framed
from merchants.api.serializers import Query, StrictSerializer, read_query
from merchants.services.idempotency import Claim

WRITING_METHODS = ("post", "put", "patch", "delete")

M = TypeVar("M", bound=Model)


class JSONOnly(BaseContentNegotiation):
    """There is one representation, so Accept is not asked."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        return next(iter(parsers))

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


class MerchantAPIView(APIView):
    """Subclasses write `get`, `post`, `patch`, `delete`: read, call one service, answer.

    The writing methods are framed by idempotency without being asked. With `one_transaction` (the
    default) the method runs in the transaction that also keeps its answer, so that there is nothing
    to resume. A view that cannot be one transaction, because a service of it talks to the network,
    sets it to False, passes `self.claim` on, and writes `resume`.
    """

    content_negotiation_class = JSONOnly
    metadata_class = None
    query_class: ClassVar[type[Query]] = Query
    # The codes that this resource adds to what every operation may answer; OpenAPI lists them.
    problems: ClassVar[tuple[str, ...]] = ()
    one_transaction: ClassVar[bool] = True
    version = versions.VERSIONS[-1]
    claim: Claim
    query: dict[str, Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for method in WRITING_METHODS:
            if method in vars(cls):
                setattr(cls, method, framed(vars(cls)[method]))

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        transport.check(request._request)  # noqa: SLF001 - no public way to the HttpRequest
        super().initial(request, *args, **kwargs)
        self.version = self.caller.version
        query_class = self.query_class if request.method in {"GET", "HEAD"} else Query
        self.query = read_query(query_class, request.query_params)

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        throttling.add_headers(request._request, response)  # noqa: SLF001 - no public way to the HttpRequest
        response[versions.HEADER] = self.version
        return super().finalize_response(request, response, *args, **kwargs)

    def resume(self, request: Request, resource: str, **kwargs: str) -> Response:
        """Answers for what an earlier try of the same request had started as `resource`."""
        raise NotImplementedError(f"{type(self).__name__} attaches a resource and cannot resume it")

    @property
    def caller(self) -> Caller:
        return cast("Caller", self.request.auth)

    def read(self, serializer: type[StrictSerializer]) -> dict[str, Any]:
        """The body, as the serializer describes it. Raises what the frame answers with 400 or 422."""
        reading = serializer(data=self.request.data)
        reading.is_valid(raise_exception=True)
        return dict(reading.validated_data)

    def find(self, rows: QuerySet[M], public_id: str, *, prefix: str) -> M:
        """The row, or the 404 that another merchant's row would get too."""
        row = rows.filter(public_id=public_id).first() if is_public_id(public_id, prefix) else None
        if row is None:
            raise ApiError("not_found")
        return row
