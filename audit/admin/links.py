"""From a public id to the page that shows it, without asking the database.

Every page is addressed by public id, so any row that knows an id can link to it. What the viewer may
not open is shown as plain text. Names of what ids stand for are asked for in bulk, once per page.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.urls import reverse
from django.utils.http import urlencode

Viewer = AbstractBaseUser | AnonymousUser | PermissionsMixin
Namer = Callable[[Collection[str]], Mapping[str, str]]

# A channel may call its payments what it likes: only what audit.ids could have made is a link.
PUBLIC_ID = re.compile(r"[a-z]{3}_[0-9A-HJKMNP-TV-Z]{26}")

_pages: dict[str, tuple[str, str]] = {}
_namers: dict[str, Namer] = {}


@dataclass
class _View:
    """One page being made: for whom, and the names that it knows by now."""

    viewer: Viewer | None = None
    names: dict[str, str] = field(default_factory=dict)


_view: ContextVar[_View] = ContextVar("view")


def register(prefix: str, *, app_label: str, model_name: str) -> None:
    """Ids that start with the prefix are shown on this model's page."""
    _pages[prefix] = (app_label, model_name)


def register_names(prefix: str, namer: Namer) -> None:
    """`namer` says what to call many ids of this kind, in one query."""
    _namers[prefix] = namer


@contextmanager
def viewing(viewer: Viewer) -> Iterator[None]:
    """Links are made for this person while the block runs."""
    token = _view.set(_View(viewer))
    try:
        yield
    finally:
        _view.reset(token)


def learn(public_ids: Iterable[str]) -> None:
    """Links to these are called by name from now on."""
    by_prefix: dict[str, set[str]] = {}
    for public_id in public_ids:
        prefix = public_id.partition("_")[0]
        if prefix in _namers and public_id not in _current().names:
            by_prefix.setdefault(prefix, set()).add(public_id)
    for prefix, ids in by_prefix.items():
        _current().names.update(_namers[prefix](ids))


def call(names: Mapping[str, str]) -> None:
    """The page that is being made knows these names already."""
    _current().names.update(names)


def name_of(public_id: str) -> str:
    """What was learned of it; else its end, since ids of one hour begin alike: `pay_…7GQ2KX`."""
    known = _current().names.get(public_id)
    if known:
        return known
    prefix, _, rest = public_id.partition("_")
    return f"{prefix}_…{rest[-6:]}" if len(rest) > 12 else public_id


def url_of(public_id: str) -> str:
    """Empty for what is not an id of ours, for an id without a page, and for a page that the viewer may
    not open."""
    if not PUBLIC_ID.fullmatch(public_id):
        return ""
    page = _pages.get(public_id.partition("_")[0])
    if page is None or not may_view(*page):
        return ""
    return reverse(f"admin:{page[0]}_{page[1]}_change", args=[public_id])


def row_url(app_label: str, model_name: str, key: int) -> str:
    """The page of a row that has no public id; empty when the viewer may not open it."""
    if not may_view(app_label, model_name):
        return ""
    return reverse(f"admin:{app_label}_{model_name}_change", args=[key])


def list_url(app_label: str, model_name: str, **filters: str | int | Sequence[str]) -> str:
    """The list with these filters set; empty when the viewer may not open it."""
    if not may_view(app_label, model_name):
        return ""
    url = reverse(f"admin:{app_label}_{model_name}_changelist")
    return f"{url}?{urlencode(filters, doseq=True)}" if filters else url


def may_view(app_label: str, model_name: str) -> bool:
    viewer = _current().viewer
    return isinstance(viewer, PermissionsMixin) and viewer.has_perm(
        f"{app_label}.view_{model_name}"
    )


def _current() -> _View:
    return _view.get(_View())
