"""Figures for Prometheus, counted when they are asked for: the database is the only truth."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from node.db import Delivery, Instance, Job, Refusal, Study
from node.settings import Settings


class NodeCollector(Collector):
    """Counts studies, jobs, deliveries, refusals, instances and free bytes.

    Parameters
    ----------
    settings : Settings
        `data_dir` is the volume whose free bytes are told.
    session : Session
        Only read.
    """

    def __init__(self, settings: Settings, session: Session) -> None:
        self._settings = settings
        self._session = session

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield one family per figure."""
        yield self._grouped("studies", "Studies by state.", Study.state)
        yield self._grouped("jobs", "Jobs by kind and state.", Job.kind, Job.state)
        yield self._grouped(
            "deliveries", "Results by destination and state.", Delivery.destination, Delivery.state
        )
        yield self._grouped(
            "refusals", "Objects not taken in, by the C-STORE status answered.", Refusal.status
        )
        instances = self._session.scalar(select(func.count(Instance.id))) or 0
        yield GaugeMetricFamily("lumbar_node_instances", "Instances stored.", value=instances)
        yield GaugeMetricFamily(
            "lumbar_node_oldest_job_seconds", "Age of the oldest job that is due.", value=self._oldest()
        )
        free = shutil.disk_usage(self._settings.data_dir).free
        yield GaugeMetricFamily("lumbar_node_free_bytes", "Free bytes on the data volume.", value=free)

    def _grouped(self, name: str, text: str, *columns: "object") -> GaugeMetricFamily:
        labels = [column.key for column in columns]  # type: ignore[attr-defined]
        family = GaugeMetricFamily(f"lumbar_node_{name}", text, labels=labels)
        query = select(*columns, func.count()).group_by(*columns)  # type: ignore[call-overload]
        for *values, count in self._session.execute(query):
            family.add_metric([str(value) for value in values], count)
        return family

    def _oldest(self) -> float:
        now = datetime.now(UTC)
        due = (Job.state == "queued") & (Job.run_after <= now)
        since = self._session.scalar(select(func.min(Job.run_after)).where(due))
        return (now - since).total_seconds() if since else 0.0


def render(settings: Settings, session: Session) -> bytes:
    """Return the figures in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(NodeCollector(settings, session))
    return generate_latest(registry)
