"""Orders: does Meta count what the shop sold, each order once?

file (which table, which headings) -> columns (what each holds) -> listing (one row an order: amounts, moments, statuses)
-> matching (which Purchase belongs to which order) -> counting (Orders)

An order file is what a shop exports, so it holds names and addresses. Only the columns named in `columns` are read, into temporary tables
that are dropped before `reconcile` returns.
"""

from emq_audit.orders.counting import reconcile
from emq_audit.orders.file import check
from emq_audit.orders.listing import read_orders

__all__ = ["check", "read_orders", "reconcile"]
