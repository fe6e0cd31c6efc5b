"""What should be true of a ledger, examined from its entries alone.

>>> from volunteer_points.audit import audit
>>> from volunteer_points.storage.memory import MemoryStore
>>> audit(MemoryStore("saihan")).exit_code  # where nothing could be examined, nothing is called clean
1
"""

from volunteer_points.audit.examination import audit
from volunteer_points.audit.findings import Evidence, Finding, Severity, Subject
from volunteer_points.audit.report import CheckResult, Input, Report
from volunteer_points.audit.rollforward import RollForward
from volunteer_points.audit.source import Journal, Ledger, Source

__all__ = [
    "CheckResult",
    "Evidence",
    "Finding",
    "Input",
    "Journal",
    "Ledger",
    "Report",
    "RollForward",
    "Severity",
    "Source",
    "Subject",
    "audit",
]
