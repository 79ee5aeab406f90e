"""From a public id to the page that shows it, without asking the database.

Every page is addressed by public id, so any row that knows an id can link to it. What the viewer may
not open is shown as plain text.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.urls import reverse
from django.utils.http import urlencode

Viewer = AbstractBaseUser | AnonymousUser | PermissionsMixin

_pages: dict[str, tuple[str, str]] = {}
_viewer: ContextVar[Viewer | None] = ContextVar("viewer", default=None)


def register(prefix: str, *, app_label: str, model_name: str) -> None:
    """Ids that start with the prefix are shown on this model's page."""
    _pages[prefix] = (app_label, model_name)


@contextmanager
def viewing(viewer: Viewer) -> Iterator[None]:
    """Links are made for this person while the block runs."""
    token = _viewer.set(viewer)
    try:
        yield
    finally:
        _viewer.reset(token)


def url_of(public_id: str) -> str:
    """Empty for an id without a page, and for a page that the viewer may not open."""
    page = _pages.get(public_id.partition("_")[0])
    if page is None or not may_view(*page):
        return ""
    return reverse(f"admin:{page[0]}_{page[1]}_change", args=[public_id])


def list_url(app_label: str, model_name: str, **filters: str | int) -> str:
    """The list with these filters set; empty when the viewer may not open it."""
    if not may_view(app_label, model_name):
        return ""
    url = reverse(f"admin:{app_label}_{model_name}_changelist")
    return f"{url}?{urlencode(filters)}" if filters else url


def may_view(app_label: str, model_name: str) -> bool:
    viewer = _viewer.get()
    return isinstance(viewer, PermissionsMixin) and viewer.has_perm(
        f"{app_label}.view_{model_name}"
    )
