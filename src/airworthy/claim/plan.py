"""What it will take, before anything runs: labels, weeks and reviewer hours, and what is out of reach."""

from __future__ import annotations

from math import inf

import msgspec

from airworthy.charter.model import Charter
from airworthy.stats.planner import Forecast, labels_needed, labels_to_revoke, units_needed

WEEKS_OF_USE = 12  # sustained use needs at least these
WEEKS_BY_DEFAULT = 8  # used by default needs at least these, whole


class PlanRow(msgspec.Struct, frozen=True):
    """One error budget, if the work is truly wrong this often. None: out of reach."""

    budget: float
    truly_wrong: float
    labels: int | None  # median
    labels_p90: int | None
    weeks: float | None
    weeks_p90: float | None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The plan of one use case. The risk is shared among its segments."""

    rows: tuple[PlanRow, ...]
    risk: float  # per segment
    segments: int
    per_week: float  # items of one segment
    labels_per_week: float
    hours_per_week: float  # of the person who judges, all segments
    to_revoke: PlanRow
    sooner: PlanRow  # the first row with twice the audit
    in_shadow: PlanRow  # the first row where every outcome is learnt anyway, as in a backtest or in shadow
    least_units: int | None  # weeks or users that can prove a share of use above .8 when it is truly .9


def plan(
    charter: Charter, *, per_week: float, coverage: float, minutes: float, truly_wrong: float | None = None
) -> Plan:
    """The plan at `per_week` eligible items, `coverage` of them acted on, `minutes` to judge one label.

    truly_wrong   the share wrong among what would be acted on; half of each budget where nobody knows
    """
    budget = float(charter.error_budget.budget)
    segments = len(charter.error_budget.segments.values) if charter.error_budget.segments else 1
    risk, rate = float(charter.error_budget.risk) / segments, float(charter.error_budget.audit_rate)
    each = per_week / segments
    labels_per_week = each * coverage * rate
    budgets = (budget, *(b for b in (0.10, 0.05, 0.02, 0.01) if b < budget))[:3]
    rows = tuple(_row(b, truly_wrong if truly_wrong is not None else b / 2, risk, labels_per_week) for b in budgets)
    monitoring = float(charter.error_budget.monitoring_risk)
    revoke = labels_to_revoke(budget, min(0.99, 2 * budget), monitoring)
    return Plan(
        rows=rows,
        risk=risk,
        segments=segments,
        per_week=each,
        labels_per_week=labels_per_week,
        hours_per_week=labels_per_week * segments * minutes / 60,
        to_revoke=_weeks(budget, 2 * budget, revoke, labels_per_week),
        sooner=_row(budget, rows[0].truly_wrong, risk, 2 * labels_per_week),
        in_shadow=_row(budget, rows[0].truly_wrong, risk, each * coverage),
        least_units=units_needed(0.9, 0.8, 0.05),
    )


def _row(budget: float, wrong: float, risk: float, labels_per_week: float) -> PlanRow:
    return _weeks(budget, wrong, labels_needed(budget, wrong, risk), labels_per_week)


def _weeks(budget: float, wrong: float, forecast: Forecast, per_week: float) -> PlanRow:
    def weeks(labels: int | None) -> float | None:
        return None if labels is None else labels / per_week if per_week > 0 else inf

    return PlanRow(budget, wrong, forecast.median, forecast.p90, weeks(forecast.median), weeks(forecast.p90))
