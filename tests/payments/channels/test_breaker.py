"""The breaker's rules, without a network."""

import pytest

from payments.channels.breaker import Breaker, CircuitOpen


def opened(*, reset_seconds):
    breaker = Breaker("cha_1", fail_max=1, reset_seconds=reset_seconds)
    breaker.failed()
    return breaker


def test_failures_count_only_in_a_row():
    breaker = Breaker("cha_1", fail_max=2, reset_seconds=60)
    for _ in range(3):
        breaker.failed()
        breaker.succeeded()

    breaker.admit()
    assert breaker.state == "closed"


def test_open_circuit_admits_nobody():
    with pytest.raises(CircuitOpen):
        opened(reset_seconds=60).admit()


def test_rested_circuit_admits_one_alone():
    breaker = opened(reset_seconds=0)
    breaker.admit()

    assert breaker.state == "half-open"
    with pytest.raises(CircuitOpen):
        breaker.admit()


def test_trial_that_succeeds_closes_the_circuit():
    breaker = opened(reset_seconds=0)
    breaker.admit()
    breaker.succeeded()

    breaker.admit()
    breaker.admit()
    assert breaker.state == "closed"


def test_trial_that_fails_opens_it_again_and_lets_the_next_try():
    breaker = opened(reset_seconds=0)
    breaker.admit()
    breaker.failed()

    assert breaker.state == "open"
    breaker.admit()
    assert breaker.state == "half-open"


def test_slow_success_of_before_does_not_close_an_open_circuit():
    breaker = opened(reset_seconds=60)
    breaker.succeeded()

    assert breaker.state == "open"
