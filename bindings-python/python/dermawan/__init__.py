"""Donor analytics for charities.

The work is done by the Rust core; this package converts, calls, and raises its errors as typed exceptions.
"""

from ._dermawan import is_whole_month, probe, rupiah, version
from .errors import (
    AccessDenied,
    ConfigurationError,
    ConnectionLost,
    DermawanError,
    DiskFull,
    FileError,
    InternalError,
    Interrupted,
    InvalidInput,
    MissingColumn,
    MissingTable,
    NotEnoughHistory,
    NotFound,
    ReconciliationError,
    SourceDataError,
    SourceUnavailable,
    StoreDamaged,
    StoreLocked,
    StoreNewer,
    TemplateError,
)

__version__ = version()

__all__ = [
    "AccessDenied",
    "ConfigurationError",
    "ConnectionLost",
    "DermawanError",
    "DiskFull",
    "FileError",
    "InternalError",
    "Interrupted",
    "InvalidInput",
    "MissingColumn",
    "MissingTable",
    "NotEnoughHistory",
    "NotFound",
    "ReconciliationError",
    "SourceDataError",
    "SourceUnavailable",
    "StoreDamaged",
    "StoreLocked",
    "StoreNewer",
    "TemplateError",
    "is_whole_month",
    "probe",
    "rupiah",
    "version",
]
