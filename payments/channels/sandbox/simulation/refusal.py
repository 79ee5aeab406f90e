"""How the simulator says no."""

from collections.abc import Mapping


class Refused(Exception):
    """An answer with an error; `about` may carry the charge or refund that stood in the way."""

    def __init__(
        self, status: int, code: str, message: str, about: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.about = about or {}

    def as_json(self) -> dict[str, object]:
        return {"error": {"code": self.code, "message": self.message, **self.about}}
