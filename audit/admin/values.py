"""What pages show, as values that know their own HTML: everything that comes from outside is escaped."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from audit.admin import links
from audit.redaction import redacted

BLANK = SafeString(" ")
NOTHING = format_html('<span class="zs-nothing" aria-label="{}">-</span>', "nothing")


class Shown:
    """A value that templates show as its HTML."""

    __slots__ = ()

    def __html__(self) -> SafeString:
        raise NotImplementedError

    def __str__(self) -> str:
        return self.__html__()


@dataclass(frozen=True, slots=True)
class Badge(Shown):
    """A state: its label, in its colour (info, success, warning, danger, primary or default)."""

    label: str
    colour: str = "default"

    def __html__(self) -> SafeString:
        return format_html('<span class="zs-badge zs-{}">{}</span>', self.colour, self.label)


@dataclass(frozen=True, slots=True)
class Link(Shown):
    """To the page of the row with this public id, if there is one and the viewer may open it."""

    public_id: str
    text: str = ""

    def __html__(self) -> SafeString:
        url = links.url_of(self.public_id)
        text = self.text or links.name_of(self.public_id)
        kind = " zs-id" if "…" in text else ""
        if not url:
            return format_html(
                '<span class="zs-name{}" title="{}">{}</span>', kind, self.public_id, text
            )
        return format_html(
            '<a class="zs-link{}" href="{}" title="{}">{}</a>', kind, url, self.public_id, text
        )


@dataclass(frozen=True, slots=True)
class Anchor(Shown):
    """To an address of the console; plain text where there is none for the viewer."""

    text: Any
    url: str

    def __html__(self) -> SafeString:
        if not self.url:
            return conditional_escape(self.text)
        return format_html('<a class="zs-link" href="{}">{}</a>', self.url, self.text)


@dataclass(frozen=True, slots=True)
class PublicId(Shown):
    """The id in full, with a button that copies it."""

    public_id: str

    def __html__(self) -> SafeString:
        return format_html(
            '<span class="zs-id">{}</span><button type="button" class="zs-copy" data-copy="{}"'
            ' aria-label="Copy {}"><span class="material-symbols-outlined" aria-hidden="true">'
            "content_copy</span></button>",
            self.public_id,
            self.public_id,
            self.public_id,
        )


@dataclass(frozen=True, slots=True)
class Moment(Shown):
    """A point in time in UTC, to the second or to the minute."""

    at: datetime
    exact: bool = True

    def __html__(self) -> SafeString:
        at = self.at.astimezone(UTC)
        return format_html(
            '<time class="zs-time" datetime="{}" title="{}">{}</time>',
            at.isoformat(),
            at.strftime("%A %d %B %Y, %H:%M:%S.%f UTC"),
            at.strftime("%Y-%m-%d %H:%M:%S" if self.exact else "%Y-%m-%d %H:%M"),
        )


@dataclass(frozen=True, slots=True)
class Stack(Shown):
    """One value over a second, quieter one."""

    first: Any
    second: Any

    def __html__(self) -> SafeString:
        return format_html(
            '<span class="zs-stack">{}<span class="zs-quiet">{}</span></span>',
            shown(self.first),
            shown(self.second),
        )


@dataclass(frozen=True, slots=True)
class Evidence(Shown):
    """Data as it came, redacted, indented, folded away until somebody asks."""

    title: str
    data: Any

    def __html__(self) -> SafeString:
        return format_html(
            '<details class="zs-evidence"><summary>{}</summary><pre>{}</pre></details>',
            self.title,
            pretty(self.data),
        )


def shown(value: Any) -> SafeString:
    """The HTML of a cell, whatever is in it."""
    match value:
        case None | "":
            return NOTHING
        case bool():
            return conditional_escape("Yes" if value else "No")
        case datetime():
            return Moment(value).__html__()
        case list() | tuple():
            return conditional_escape(", ".join(str(item) for item in value)) if value else NOTHING
        case Mapping():
            return Evidence("Show", value).__html__() if value else NOTHING
        case _:
            return conditional_escape(value)


def pretty(data: Any) -> str:
    """JSON for people: redacted and indented. Text that is JSON is read first."""
    if isinstance(data, bytes | memoryview):
        data = bytes(data).decode("utf-8", errors="replace")
    if isinstance(data, str):
        try:
            data = json.loads(data)
        except ValueError:
            return str(redacted(data))
    return json.dumps(redacted(data), indent=2, ensure_ascii=False, default=str)


def words(name: str) -> str:
    """`payment_captured` or `refund.requested` as words."""
    return name.replace("_", " ").replace(".", " ").capitalize()
