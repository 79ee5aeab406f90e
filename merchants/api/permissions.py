"""Everything under /v1/ that is not public belongs to a merchant."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from merchants.api.authentication import Caller


class IsMerchant(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.auth, Caller)
