"""Settings of what is kept, and for how long."""

from pydantic import Field

from node.settings.values import Section


class Retention(Section):
    """What may be removed. By default nothing is."""

    days: float | None = Field(default=None, ge=0)  #: received objects go so long after the study's last one
    results_days: float | None = Field(default=None, ge=0)  #: our own objects; never before `days`
    min_free_gib: float | None = Field(default=None, gt=0)  #: less free: the oldest go before `days`
    delivered_only: bool = True  #: a study goes only if every destination has confirmed its results
    interval_s: float = Field(default=600, gt=0)  #: between two looks
