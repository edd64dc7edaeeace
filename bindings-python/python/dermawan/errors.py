"""The exceptions of the library: one class a kind of trouble, all of them a ``DermawanError``."""

from __future__ import annotations


class DermawanError(Exception):
    """Any error of the library.

    ``code`` is the kind's stable name, the same in Rust, Python and Node; ``hint`` says what to do about it, or is
    ``None``. Neither ever holds a secret, a phone number or the text of a message.
    """

    code: str = "unknown"

    def __init__(self, message: str, hint: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        if code is not None:
            self.code = code

    def __reduce__(self) -> tuple[type[DermawanError], tuple[str, str | None, str]]:
        # Exceptions travel between processes by pickle, which would otherwise drop the hint.
        return type(self), (str(self), self.hint, self.code)


class InvalidInput(DermawanError, ValueError):
    """An argument or option is outside what is allowed."""

    code = "invalid_input"


class ConfigurationError(DermawanError):
    """The configuration does not fit: unknown key, missing value, impossible rule."""

    code = "configuration"


class NotEnoughHistory(DermawanError):
    """The series or the donor has too little history for the method asked for."""

    code = "not_enough_history"


class NotFound(DermawanError, LookupError):
    """The thing asked for is not there."""

    code = "not_found"


class SourceUnavailable(DermawanError, ConnectionError):
    """The source could not be reached."""

    code = "source_unavailable"


class AccessDenied(DermawanError, PermissionError):
    """The source refused the user or the password, or a right is missing."""

    code = "access_denied"


class MissingTable(DermawanError):
    """A table that the mapping requires is not in the source."""

    code = "missing_table"


class MissingColumn(DermawanError):
    """A column that the mapping requires is not in the source."""

    code = "missing_column"


class SourceDataError(DermawanError):
    """The source's data or answer cannot be read."""

    code = "source_data"


class ConnectionLost(DermawanError, ConnectionError):
    """The connection to the source broke while rows were being read."""

    code = "connection_lost"


class ReconciliationError(DermawanError):
    """Counts or sums in the store differ from the source's; the load was refused."""

    code = "reconciliation"


class StoreLocked(DermawanError):
    """Another process holds the analytics file."""

    code = "store_locked"


class StoreNewer(DermawanError):
    """The analytics file was written by a newer version."""

    code = "store_newer"


class StoreDamaged(DermawanError):
    """The analytics file is damaged or is not one."""

    code = "store_damaged"


class DiskFull(DermawanError, OSError):
    """There is too little room on the disk."""

    code = "disk_full"


class FileError(DermawanError, OSError):
    """A file or folder could not be read or written."""

    code = "io"


class TemplateError(DermawanError):
    """A message template does not parse, or names an unknown variable."""

    code = "template"


class Interrupted(DermawanError):
    """The caller asked to stop."""

    code = "interrupted"


class InternalError(DermawanError):
    """A fault of this library; please report it."""

    code = "internal"


BY_CODE: dict[str, type[DermawanError]] = {kind.code: kind for kind in DermawanError.__subclasses__()}


def from_code(code: str, message: str, hint: str | None = None) -> DermawanError:
    """The exception of a kind; a kind that this package does not know is a plain ``DermawanError``."""
    return BY_CODE.get(code, DermawanError)(message, hint, code)
