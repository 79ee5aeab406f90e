# What we use of django-fsm-2, spelt for mypy: the package's own aliases come out as Any under the
# django plugin, and with them every model that has a state.
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db import models

F = TypeVar("F", bound=Callable[..., Any])

class ConcurrentTransition(Exception): ...
class TransitionNotAllowed(Exception): ...

class FSMField(models.CharField[Any, Any]):
    def __init__(self, *args: Any, protected: bool = ..., **kwargs: Any) -> None: ...

class FSMModelMixin: ...
class ConcurrentTransitionMixin(FSMModelMixin): ...

def transition(
    field: FSMField | models.CharField[Any, Any] | str,
    source: str | Sequence[str] = ...,
    target: str | None = ...,
    on_error: str | None = ...,
    conditions: list[Callable[[Any], bool]] | None = ...,
    permission: str | Callable[[Any, Any], bool] | None = ...,
    custom: dict[str, Any] | None = ...,
) -> Callable[[F], F]: ...
