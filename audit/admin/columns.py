"""Columns of lists: each a callable that the admin may put into `list_display`."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Model
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.admin.links import name_of
from audit.admin.values import NOTHING, Badge, Link, Moment, shown


class Column:
    """`path` may follow relations that the list selects: `order.reference`."""

    def __init__(self, path: str, title: str = "", *, sortable: str = "") -> None:
        self.path = path
        self.short_description = title or path.replace("_", " ").replace(".", " ").capitalize()
        # The admin takes the CSS class of the cell from here.
        self.__name__ = path.replace(".", "_")
        if sortable:
            self.admin_order_field = sortable

    def __call__(self, row: Model) -> SafeString:
        return self.html(self.value(row))

    def value(self, row: Model) -> Any:
        value: Any = row
        for name in self.path.split("."):
            value = getattr(value, name)
            if value is None:
                break
            if callable(value):
                value = value()
        return value

    def html(self, value: Any) -> SafeString:
        return shown(value)


class StateColumn(Column):
    """A badge with the state's label in the state's colour."""

    def __init__(
        self, path: str, title: str = "", *, labels: Mapping[Any, Any], colours: Mapping[Any, Any]
    ) -> None:
        super().__init__(path, title)
        self.labels, self.colours = labels, colours

    def html(self, value: Any) -> SafeString:
        return state_badge(value, labels=self.labels, colours=self.colours).__html__()


class LinkColumn(Column):
    """To the page of the row that the path's public id names; `text` says something better than the id."""

    def __init__(self, path: str, title: str = "", *, text: str = "") -> None:
        super().__init__(path, title)
        self.text = Column(text) if text else None

    def __call__(self, row: Model) -> SafeString:
        public_id = self.value(row)
        if not public_id:
            return NOTHING
        text = self.text.value(row) if self.text else ""
        return Link(public_id, str(text)).__html__()


class IdColumn(Column):
    """The row's own public id, in the middle of which nobody is interested."""

    def __init__(self, path: str = "public_id", title: str = "Id") -> None:
        super().__init__(path, title)

    def html(self, value: Any) -> SafeString:
        return format_html('<span class="zs-id" title="{}">{}</span>', value, name_of(value))


class TimeColumn(Column):
    """To the second, in UTC."""

    def html(self, value: Any) -> SafeString:
        return Moment(value).__html__() if value else NOTHING


class ComputedColumn(Column):
    """What a function makes of the row."""

    def __init__(self, compute: Callable[[Any], Any], title: str, *, name: str) -> None:
        super().__init__(name, title)
        self.compute = compute

    def value(self, row: Model) -> Any:
        return self.compute(row)


def state_badge(value: Any, *, labels: Mapping[Any, Any], colours: Mapping[Any, Any]) -> Badge:
    return Badge(str(labels.get(value, value)), str(colours.get(value, "default")))
