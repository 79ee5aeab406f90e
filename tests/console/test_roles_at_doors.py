"""Role by page: who may open what, and nobody anything that is not listed for them."""

import pytest
from django.urls import reverse

from config.roles import ROLES
from tests.factories import console, operators

pytestmark = pytest.mark.django_db

OPEN, SHUT = 200, 403


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_opens_its_pages_and_no_others(day, role):
    browser = operators.signed_in(operators.operator(role, roles=[role]))
    # The operators' own page is a form, which Django opens to those who may change it too.
    viewed = {
        name: OPEN if f"{name.replace('.', '.view_')}" in ROLES[role] else SHUT
        for name in console.lists()
    }
    lists = {name: browser.get(url).status_code for name, url in console.lists().items()}
    pages = {name: browser.get(url).status_code for name, url in console.pages().items()}
    assert lists == viewed
    assert pages == viewed


@pytest.mark.parametrize("role", sorted(ROLES))
def test_the_menu_shows_what_the_role_may_open(day, role):
    browser = operators.signed_in(operators.operator(role, roles=[role]))
    page = browser.get(reverse("admin:index")).content.decode()
    for name, url in console.lists().items():
        if f'href="{url}"' in page:
            assert name.replace(".", ".view_") in ROLES[role], name


@pytest.mark.parametrize("role", sorted(ROLES))
def test_no_link_leads_a_role_to_a_shut_door(day, role):
    browser = operators.signed_in(operators.operator(role, roles=[role]))
    page = browser.get(console.pages()["payments.payment"]).content.decode()
    for name, url in console.pages().items():
        if f'href="{url}"' in page:
            assert browser.get(url).status_code == OPEN, name


def test_an_operator_without_a_role_sees_the_headline_and_nothing_else(day):
    browser = operators.signed_in(operators.operator("new"))
    page = browser.get(reverse("admin:index")).content.decode()
    assert "Unexplained money" in page
    assert "Open tickets" not in page
    assert "Today so far" not in page
    for url in console.lists().values():
        assert browser.get(url).status_code == SHUT


def test_nobody_who_is_not_staff_comes_in(day, boss):
    boss.is_staff = boss.is_superuser = False
    boss.save()
    browser = operators.signed_in(boss)
    assert browser.get(reverse("admin:index"), follow=True).status_code == SHUT


@pytest.mark.parametrize("role", sorted(set(ROLES) - {"administrator"}))
def test_only_administrators_change_operators(day, role):
    asking = operators.operator(role, roles=[role])
    browser = operators.signed_in(asking)
    mei = operators.operator("mei", roles=["viewer"])
    url = reverse("admin:audit_operator_change", args=[mei.pk])
    browser.post(url, {"username": "mei", "is_staff": "on", "groups": []})
    assert mei.groups.get().name == "viewer"
    assert browser.get(reverse("admin:audit_operator_add")).status_code == SHUT
