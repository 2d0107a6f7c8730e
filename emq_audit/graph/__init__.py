"""Meta's own numbers, and test events: the only part of emq-audit that talks to anybody, and only when asked to.

    quality = load("answer.json")            # or: fetch(Graph(token), dataset)[0]
    beside = compare(report, quality)        # score, coverage, deduplication, diagnostics, fixes
    calibrated(report, quality).text         # how far the estimate lies off on this site

`client` holds address, version, token and patience, `errors` the words for Meta's refusals.
"""

from emq_audit.graph.compare import calibrated, compare
from emq_audit.graph.quality import Quality, fetch, load
from emq_audit.report import Calibration, Comparison

__all__ = ["Calibration", "Comparison", "Quality", "calibrated", "compare", "fetch", "load"]
