"""Payments at the sandbox in short words; every one is CNY 10.00 unless the test says otherwise."""

from payments.channels.base import CreateRequest, PaymentRef, RefundRef, RefundRequest


class Shop:
    def __init__(self, adapter, receiver):
        self.adapter = adapter
        self.receiver = receiver

    def pay(self, scenario, reference="att_1", *, capture="automatic", amount_minor=1000, **method):
        return self.adapter.create(
            CreateRequest(
                reference=reference,
                amount_minor=amount_minor,
                currency="CNY",
                capture=capture,
                method={"type": "sandbox", "scenario": scenario, **method},
                callback_url=self.receiver.url,
                return_url="http://shop.example/thanks",
            )
        )

    def query(self, reference="att_1"):
        return self.adapter.query(self.payment(reference))

    def cancel(self, reference="att_1"):
        return self.adapter.cancel(self.payment(reference))

    def refund(self, amount_minor=300, reference="ref_1", payment="att_1", **metadata):
        return self.adapter.refund(
            RefundRequest(
                payment=self.payment(payment),
                reference=reference,
                amount_minor=amount_minor,
                reason="too large",
                callback_url=self.receiver.url,
                metadata=metadata,
            )
        )

    def query_refund(self, reference="ref_1", payment="att_1"):
        return self.adapter.query_refund(
            RefundRef(payment=self.payment(payment), reference=reference)
        )

    def payment(self, reference="att_1"):
        return PaymentRef(reference=reference, amount_minor=1000, currency="CNY")
