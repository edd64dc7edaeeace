"""What Python has beside JSON, made plain: dates, exact decimals, and columns of data frames."""

from __future__ import annotations

import json
from typing import Any

from .errors import InvalidInput

# How libraries call "as a list of Python's own values": numpy and pandas, polars, pyarrow.
_LISTS = ("tolist", "to_list", "to_pylist")


def dumps(what: str, value: Any) -> str:
    """The value as JSON text; ``what`` names it in errors."""
    try:
        return json.dumps(value, default=_plain, allow_nan=False)
    except ValueError as error:
        raise InvalidInput(f"{what} holds a number that is not finite, or holds itself") from error


def _plain(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "as_tuple"):  # Decimal: as text it stays exact
        return str(value)
    for name in _LISTS:
        if hasattr(value, name):
            return getattr(value, name)()
    raise TypeError(f"a value of type {type(value).__name__} cannot be handed over")
