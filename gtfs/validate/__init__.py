"""What independent validators say about a feed, in one form and in the planner's words.

Three tools look at a feed: gtfs-guru and gtfs-validator reimplement MobilityData's canonical rules
(neither is MobilityData's own, see ``rules.py``), gtfs-analyzer knows GTFS-JP. Where several say
the same it is said once. What is right all the same is on an allow-list that gives the reason.
"""

from gtfs.validate.freshness import freshness
from gtfs.validate.notice import Notice
from gtfs.validate.report import validation_html, validation_json
from gtfs.validate.run import Validation, validate

__all__ = ["Notice", "Validation", "freshness", "validate", "validation_html", "validation_json"]
