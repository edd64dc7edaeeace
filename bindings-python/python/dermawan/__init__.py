"""Donor analytics for charities.

The work is done by the Rust core; this package converts, calls, and raises its errors as typed exceptions.
"""

from ._dermawan import (
    Analytics,
    Columns,
    cash_flow,
    churn_score,
    expense_anomalies,
    forecast,
    lifetime_value,
    segments,
    unusual_transactions,
    version,
)
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
    "Analytics",
    "Columns",
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
    "cash_flow",
    "churn_score",
    "expense_anomalies",
    "forecast",
    "lifetime_value",
    "segments",
    "unusual_transactions",
    "version",
]
