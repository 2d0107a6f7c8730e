"""emq-audit: how well can Meta match your events, why not better, and what do you fix first?

from emq_audit import audit
report = audit(["pixel.csv", "capi.ndjson"])
"""

from emq_audit.errors import AuditError
from emq_audit.pipeline import Audit, audit, open_audit
from emq_audit.report import Report

__version__ = "0.1.0"
__all__ = ["Audit", "AuditError", "Report", "__version__", "audit", "open_audit"]
