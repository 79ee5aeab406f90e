"""The console's door: a password, a second factor, limits on both, and nothing that leaks."""

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, reverse

from audit.middleware import SEEN_AT, SIGNED_IN_AT
from audit.models import Record
from tests.factories import operators
from tests.factories.console import cut

pytestmark = pytest.mark.django_db

CONSOLE, LOGIN = "/admin/", "/accounts/login/"
ACTIVATE, CODE = "/accounts/2fa/totp/activate/", "/accounts/2fa/authenticate/"
SHOWN_SECRET = r"<code>([A-Z2-7]{16,})</code>"


@pytest.fixture(autouse=True)
def nobody_has_tried_yet():
    cache.clear()


@pytest.fixture
def mei(db):
    return operators.operator("mei", superuser=True)


def try_password(browser, password=operators.PASSWORD, *, name="mei", after=CONSOLE):
    return browser.post(
        f"{LOGIN}?next={after}", {"login": name, "password": password, "next": after}
    )


def try_code(browser, code=None):
    return browser.post(CODE, {"code": code or operators.code()})


def is_inside(browser):
    return browser.get(CONSOLE).status_code == 200


def test_the_console_leads_to_the_sign_in_page():
    for url in (CONSOLE, "/admin/login/", "/admin/payments/payment/"):
        answer = Client().get(url, follow=True)
        assert answer.redirect_chain[-1][0].startswith(LOGIN)
        assert "Sign in" in answer.content.decode()


def test_password_and_code_open_the_door(mei):
    browser = Client()
    assert try_password(browser).url == CODE
    assert not is_inside(browser)
    assert try_code(browser).url == CONSOLE
    assert is_inside(browser)


def test_it_goes_on_to_the_page_that_was_asked_for(mei):
    browser = Client()
    try_password(browser, after="/admin/payments/payment/")
    assert try_code(browser).url == "/admin/payments/payment/"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example"]
)
def test_it_never_goes_on_to_another_site(mei, elsewhere):
    browser = Client()
    try_password(browser, after=elsewhere)
    assert "evil" not in try_code(browser).url


def test_a_wrong_password_says_nothing_about_who_exists(mei):
    wrong = try_password(Client(), "wrong").content.decode()
    unknown = try_password(Client(), "wrong", name="nobody").content.decode()
    assert "not correct" in wrong
    assert "not correct" in unknown


def test_after_ten_wrong_passwords_the_right_one_waits(mei):
    for _ in range(10):
        try_password(Client(), "wrong")
    answer = try_password(Client())
    assert answer.status_code == 200
    assert "Too many failed login attempts" in answer.content.decode()


def test_after_ten_wrong_codes_the_right_one_waits(mei):
    browser = Client()
    try_password(browser)
    for _ in range(10):
        assert "Incorrect code" in try_code(browser, "000000").content.decode()
    assert "Too many failed login attempts" in try_code(browser).content.decode()
    assert not is_inside(browser)


def test_who_came_in_and_who_was_refused_is_recorded(mei):
    browser = Client()
    try_password(browser, "wrong")
    try_password(browser, "wrong", name="hunter2 is my password")
    try_password(browser)
    try_code(browser, "000000")
    try_code(browser)
    told = Record.objects.filter(action__startswith="operator.").order_by("pk")
    assert [(r.action, r.actor_id, r.ip) for r in told] == [
        ("operator.sign_in_failed", mei.public_id, "127.0.0.1"),
        ("operator.sign_in_failed", "unknown", "127.0.0.1"),
        ("operator.code_refused", mei.public_id, "127.0.0.1"),
        ("operator.signed_in", mei.public_id, "127.0.0.1"),
    ]
    assert "hunter2" not in str([(r.target, r.detail) for r in told])


def test_a_code_works_once(mei):
    code = operators.code()
    first, second = Client(), Client()
    for browser in (first, second):
        try_password(browser)
        try_code(browser, code)
    assert is_inside(first)
    assert not is_inside(second)


def test_a_recovery_code_opens_once_when_the_app_is_lost(mei):
    code = operators.recovery_codes(mei)[0]
    first, second = Client(), Client()
    for browser in (first, second):
        try_password(browser)
        try_code(browser, code)
    assert is_inside(first)
    assert not is_inside(second)


def test_without_a_second_factor_there_is_one_way_on():
    operators.operator("mei", superuser=True, second_factor=False)
    browser = Client()
    try_password(browser)
    for url in (
        CONSOLE,
        "/admin/payments/payment/",
        "/accounts/2fa/",
        "/accounts/password/change/",
    ):
        assert browser.get(url).headers["Location"] == ACTIVATE, url
    assert browser.get(ACTIVATE).status_code == 200


def test_setting_up_a_second_factor_lets_in_and_gives_recovery_codes():
    operators.operator("mei", superuser=True, second_factor=False)
    browser = Client()
    try_password(browser)
    secret = cut(SHOWN_SECRET, browser.get(ACTIVATE).content.decode())
    assert "Incorrect code" in browser.post(ACTIVATE, {"code": "000000"}).content.decode()
    assert not is_inside(browser)
    answer = browser.post(ACTIVATE, {"code": operators.code(secret)}, follow=True)
    assert "Recovery codes" in answer.content.decode()
    assert is_inside(browser)


def test_a_session_from_before_the_second_factor_does_not_profit_from_it():
    mei = operators.operator("mei", superuser=True, second_factor=False)
    browser = Client()
    try_password(browser)
    operators.give_second_factor(mei)
    assert browser.get(CONSOLE).headers["Location"].startswith(LOGIN)
    assert not is_inside(browser)


def test_a_reset_second_factor_shuts_open_sessions_out(mei):
    browser = operators.signed_in(mei)
    Authenticator.objects.filter(user=mei).delete()
    assert browser.get(CONSOLE).headers["Location"] == ACTIVATE


def test_second_factors_are_sealed_in_the_database(mei):
    kept = Authenticator.objects.get(user=mei, type="totp")
    assert operators.SECRET not in str(kept.data)
    assert kept.wrap().validate_code(operators.code())


def test_nobody_takes_off_their_own_second_factor(mei):
    browser = operators.signed_in(mei)
    answer = browser.post("/accounts/2fa/totp/deactivate/")
    assert answer.status_code == 200
    assert Authenticator.objects.filter(user=mei, type="totp").exists()


def test_an_idle_session_ends(mei, settings):
    browser = operators.signed_in(mei)
    assert is_inside(browser)
    leave_alone(browser, settings.OPERATOR_IDLE_SECONDS + 1)
    assert (
        browser.get("/admin/payments/payment/").headers["Location"]
        == f"{LOGIN}?next=/admin/payments/payment/"
    )
    assert not is_inside(browser)


def test_a_session_in_use_goes_on_until_the_day_is_over(mei, settings):
    browser = operators.signed_in(mei)
    browser.get(CONSOLE)
    leave_alone(browser, settings.OPERATOR_IDLE_SECONDS - 60)
    assert is_inside(browser)
    session = browser.session
    session[SIGNED_IN_AT] = time.time() - settings.OPERATOR_SESSION_SECONDS - 1
    session.save()
    assert not is_inside(browser)


def leave_alone(browser, seconds):
    session = browser.session
    session[SEEN_AT] -= seconds
    session.save()


def test_signing_out_ends_the_session_for_good(mei):
    browser = operators.signed_in(mei)
    stolen = browser.cookies["sessionid"].value
    assert browser.get("/admin/logout/").status_code == 405
    browser.post("/admin/logout/")
    thief = Client()
    thief.cookies["sessionid"] = stolen
    assert not is_inside(thief)


def test_signing_in_gives_a_new_session(mei):
    browser = Client()
    browser.get(LOGIN)
    try_password(browser)
    before = browser.cookies["sessionid"].value
    try_code(browser)
    assert browser.cookies["sessionid"].value != before


def test_somebody_who_was_switched_off_stays_outside(mei):
    mei.is_active = False
    mei.save()
    browser = Client()
    try_password(browser)
    try_code(browser)
    assert not is_inside(browser)


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/signup/",
        "/accounts/email/",
        "/accounts/confirm-email/",
        "/accounts/password/reset/",
        "/accounts/password/set/",
        "/accounts/login/code/",
    ],
)
def test_there_is_no_sign_up_and_no_reset_by_mail(mei, path):
    assert Client().get(path).status_code == 404
    assert Client().post(path, {"email": "mei@example.com"}).status_code == 404
    assert mail.outbox == []


@pytest.mark.parametrize("name", ["account_signup", "account_reset_password", "account_email"])
def test_no_template_can_link_to_what_is_not_there(name):
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_a_password_is_changed_by_whoever_knows_the_old_one(mei):
    browser = operators.signed_in(mei)
    new = "another long enough phrase"
    browser.post(
        "/accounts/password/change/",
        {"oldpassword": operators.PASSWORD, "password1": new, "password2": new},
    )
    mei.refresh_from_db()
    assert mei.check_password(new)
    assert (
        browser.get("/admin/password_change/").headers["Location"] == "/accounts/password/change/"
    )


@pytest.mark.parametrize(
    "path",
    ["/accounts/2fa/", "/accounts/2fa/recovery-codes/", "/accounts/2fa/recovery-codes/generate/"],
)
def test_the_second_factors_pages_open(mei, path):
    assert operators.signed_in(mei).get(path).status_code == 200


def test_the_policy_forbids_inline_scripts_and_other_sites(mei):
    for answer in (Client().get(LOGIN), operators.signed_in(mei).get(CONSOLE)):
        policy = answer.headers["Content-Security-Policy"]
        scripts = cut(r"script-src ([^;]*)", policy)
        assert "unsafe-inline" not in scripts
        assert "http" not in policy
        assert "frame-ancestors 'none'" in policy
        page = answer.content.decode()
        assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
        assert re.findall(r"\son[a-z]+\s*=\s*[\"']", page) == []
        assert re.findall(r"""(?:src|href)=["']?(?:https?:)?//""", page) == []
