"""The addresses of orders, payments and refunds."""

from django.urls import path

from payments.api import orders, payments, refunds

urlpatterns = [
    path("v1/orders", orders.OrdersView.as_view()),
    path("v1/orders/<str:order_id>", orders.OrderView.as_view()),
    path("v1/payments", payments.PaymentsListView.as_view()),
    path("v1/payments/<str:payment_id>", payments.PaymentView.as_view()),
    path("v1/payments/<str:payment_id>/confirm", payments.ConfirmView.as_view()),
    path("v1/payments/<str:payment_id>/capture", payments.CaptureView.as_view()),
    path("v1/payments/<str:payment_id>/cancel", payments.CancelView.as_view()),
    path("v1/payments/<str:payment_id>/refresh", payments.RefreshView.as_view()),
    path("v1/payments/<str:payment_id>/events", payments.HistoryView.as_view()),
    path("v1/refunds", refunds.RefundsView.as_view()),
    path("v1/refunds/<str:refund_id>", refunds.RefundView.as_view()),
]
