"""What a run achieved: pure figures from store values, and the self-contained `report.html` of them."""

from fleet_manager.analytics.run_folder import read_run
from fleet_manager.analytics.summary import summarise
from fleet_manager.analytics.values import RunRecord, RunSummary

__all__ = ["RunRecord", "RunSummary", "read_run", "summarise"]
