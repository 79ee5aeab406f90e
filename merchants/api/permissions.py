"""Everything under /v1/ that is not public belongs to a merchant."""

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from merchants.api.authentication import Caller

if TYPE_CHECKING:
    # Importing it for real would be a circle: the framework reads its settings while it loads.
    from rest_framework.views import APIView


class IsMerchant(BasePermission):
    def has_permission(self, request: Request, view: "APIView") -> bool:
        return isinstance(request.auth, Caller)
