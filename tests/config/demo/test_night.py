"""What the night found, against what was planted."""

from config.demo import night
from config.demo.results import Planted, Ticket

RUN = {"lines": 10, "matched": 8, "healed": 1}


def planted(reference, wanted="fee_mismatch"):
    return Planted(plant="fee_differs", wanted_kind=wanted, reference=reference)


def ticket(reference, kind="fee_mismatch", *, name="tkt_1", in_suspense=False):
    return Ticket(id=name, kind=kind, reference=reference, in_suspense=in_suspense)


def judge(*, planted=(), tickets=(), before=(), runs=(RUN,)):
    return night.judge(runs, planted=planted, tickets=tickets, planted_before=before)


def test_a_ticket_of_the_right_kind_finds_a_planted_difference():
    found = judge(planted=[planted("att_1")], tickets=[ticket("att_1")])
    assert [one.is_found for one in found.planted] == [True]
    assert found.strangers == ()


def test_a_ticket_of_another_kind_does_not():
    found = judge(planted=[planted("att_1")], tickets=[ticket("att_1", "amount_mismatch")])
    assert [one.is_found for one in found.planted] == [False]
    assert found.planted[0].ticket is not None


def test_no_ticket_does_not():
    assert judge(planted=[planted("att_1")]).planted[0].ticket is None


def test_a_second_ticket_about_a_planted_difference_is_a_stranger():
    tickets = [ticket("att_1"), ticket("att_1", "amount_mismatch", name="tkt_2")]
    found = judge(planted=[planted("att_1")], tickets=tickets)
    assert [one.id for one in found.strangers] == ["tkt_2"]


def test_what_a_day_that_broke_off_had_planted_is_no_stranger():
    assert judge(tickets=[ticket("att_0")], before=["att_0"]).strangers == ()


def test_money_that_scenarios_park_is_no_stranger():
    parked = [
        ticket("att_1", "late_success", in_suspense=True),
        ticket("att_2", "amount_mismatch", in_suspense=True),
    ]
    assert judge(tickets=parked).strangers == ()


def test_any_other_ticket_is_a_stranger():
    tickets = [
        ticket("att_1", "state_mismatch", name="a"),
        ticket("att_2", "paid_twice", name="b", in_suspense=True),
        ticket("att_3", "missing_here", name="c", in_suspense=True),
        ticket("att_4", "amount_mismatch", name="d"),
    ]
    assert [one.id for one in judge(tickets=tickets).strangers] == ["a", "b", "c", "d"]


def test_two_days_are_added_up():
    found = judge(runs=(RUN, RUN))
    assert (found.lines, found.matched, found.healed) == (20, 16, 2)
