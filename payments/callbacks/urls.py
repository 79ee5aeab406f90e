"""Where channels call back."""

from django.urls import path

from payments.callbacks.views import receive

urlpatterns = [path("<slug:channel>/<str:account_id>", receive, name="callback")]
