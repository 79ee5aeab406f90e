"""The merchant API's addresses; config.urls includes them at the root."""

from django.urls import path

from merchants.api import balances, documents, events, webhook_endpoints

urlpatterns = [
    path(".well-known/jwks.json", documents.jwks),
    path("v1/openapi.json", documents.openapi),
    path("v1/docs", documents.Docs.as_view()),
    path("v1/problems", documents.problems),
    path("v1/problems/<slug:code>", documents.problem),
    path("v1/events", events.Events.as_view()),
    path("v1/balances", balances.Balances.as_view()),
    path("v1/balance_transactions", balances.BalanceTransactions.as_view()),
    path("v1/webhook_endpoints", webhook_endpoints.WebhookEndpoints.as_view()),
    path("v1/webhook_endpoints/<str:endpoint>", webhook_endpoints.WebhookEndpointDetail.as_view()),
    path(
        "v1/webhook_endpoints/<str:endpoint>/rotate_secret",
        webhook_endpoints.RotateSecret.as_view(),
    ),
    path("v1/webhook_endpoints/<str:endpoint>/replay", webhook_endpoints.Replay.as_view()),
]
