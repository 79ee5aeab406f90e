"""An endpoint for the frame's tests: two transactions with a gap between, as a payment is made."""

from django.urls import include, path
from django.utils import timezone
from rest_framework.response import Response

from merchants.api.errors import ApiError
from merchants.api.fields import TextField
from merchants.api.frame import MerchantAPIView
from merchants.api.serializers import StrictSerializer
from merchants.services import onboarding


class WishIn(StrictSerializer):
    name = TextField(max_length=50)


class Wishes(MerchantAPIView):
    """A wish makes a merchant; `fate` says where the request ends, `resumed` what was resumed."""

    one_transaction = False
    fate = ""
    resumed: list[str] = []

    def post(self, request):
        wish = self.read(WishIn)
        made = onboarding.create_merchant(
            name=wish["name"], by=self.caller.actor, now=timezone.now()
        )
        self.claim.attach(made.public_id)
        if self.fate == "refused after attaching":
            raise ApiError("temporarily_unavailable")
        return Response({"id": made.public_id}, status=201)

    def resume(self, request, resource):
        self.resumed.append(resource)
        return Response({"id": resource}, status=201)


urlpatterns = [path("v1/wishes", Wishes.as_view()), path("", include("merchants.api.urls"))]
