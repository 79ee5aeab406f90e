"""A day as it must be, from which each test spoils one thing."""

from config.demo.results import (
    Accident,
    Books,
    Callbacks,
    Day,
    Notices,
    Parked,
    Planted,
    Reconciled,
    Requests,
    ScenarioLine,
    ShopBook,
    Testimony,
    Ticket,
    Trial,
)

WANTED = {
    "unknown_line": "missing_here",
    "amount_differs": "amount_mismatch",
    "fee_differs": "fee_mismatch",
    "duplicate_line": "duplicate_line",
    "omit_line": "missing_at_channel",
}


def witnessed(**changes):
    figures = {
        "currency": "KWD",
        "their_charges": 150,
        "their_charged_minor": 6_789_250,
        "their_refunds": 9,
        "their_refunded_minor": 120_000,
        "our_charges": 150,
        "our_charged_minor": 6_789_250,
        "our_refunds": 9,
        "our_refunded_minor": 120_000,
    }
    return Testimony(**{**figures, **changes})


def planted():
    return tuple(
        Planted(
            plant=plant,
            wanted_kind=kind,
            reference=f"att_{plant}",
            ticket=Ticket(id=f"tkt_{plant}", kind=kind, reference=f"att_{plant}"),
        )
        for plant, kind in WANTED.items()
    )


def good_day(**changes):
    day = {
        "seed": 7,
        "seconds": 95.2,
        "shops": (
            ShopBook(
                shop="dana-perfumes",
                currency="KWD",
                tried=180,
                succeeded=150,
                failed=20,
                expired=6,
                canceled=4,
                gross_minor=6_789_250,
                refunded_minor=120_000,
                fees_minor=150_074,
                pending_minor=31_250,
                available_minor=6_487_926,
            ),
        ),
        "scenarios": (ScenarioLine("succeed", {"succeeded": 140, "refunded": 2}),),
        "surprises": (),
        "accidents": (Accident("the worker (process 42)", came_back=True),),
        "callbacks": Callbacks(received=600, repeated=12, forged=3),
        "notices": Notices(
            delivered=900,
            refused=30,
            delivered_by_retry=27,
            repeated=0,
            forged=0,
            gaps_found=9,
            gaps_left=0,
        ),
        "requests": Requests(
            refused=(),
            answers_verified=1200,
            answers_forged=0,
            answers_of_5xx=0,
            sent_twice_at_once=9,
            lines_cut=8,
            sent_under_a_new_key=3,
            sent_again=11,
            wrongly_doubled=(),
        ),
        "books": Books(
            journals=700,
            entries=2400,
            violations=0,
            trial=(Trial("KWD", 9_000_000, 9_000_000), Trial("JPY", 5, 5)),
        ),
        "reconciled": Reconciled(lines=520, matched=512, healed=0, planted=planted()),
        "parked": (
            Parked(
                kind="late_success",
                reference="att_late",
                currency="KWD",
                amount_minor=4_500,
                ticket="tkt_late",
            ),
        ),
        "testimonies": (witnessed(),),
        "charged_more_than_once": (),
        "dead_rows": {"callbacks": 0, "webhooks": 0},
        "unexplained": {"CNY": 0, "JPY": 0, "KWD": 0},
    }
    return Day(**{**day, **changes})
