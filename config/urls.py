"""The doorplate: which door stands where."""

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path
from django_prometheus.exports import ExportToDjangoView

from config import health


def metrics(request: HttpRequest) -> HttpResponse:
    if not health.may_read_metrics(request):
        raise Http404
    response: HttpResponse = ExportToDjangoView(request)
    return response


urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("config.accounts")),
    path("callbacks/", include("payments.callbacks.urls")),
    path("health/live", health.live),
    path("health/ready", health.ReadyView.as_view()),
    path("metrics", metrics),
    path("", include("payments.api.urls")),
    path("", include("merchants.api.urls")),
]
