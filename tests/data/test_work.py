"""The work items of a log a charter names."""

from __future__ import annotations

import numpy as np
import pytest

from airworthy.base.errors import BadInput
from airworthy.charter.load import loads
from airworthy.data.work import Work, read_work
from charter.golden import ROOT

TEAM = (ROOT / "tests/charter/valid/team.yaml").read_text(encoding="utf-8")
LOG = "\nlog: {path: log.csv, item: id, eligible_at: at, output: said, truth: {column: truth}}\n"


def work(tmp_path, *cells: tuple[str, str]) -> Work:
    rows = [f'{i},2026-01-{i:02},"{said}","{truth}"' for i, (said, truth) in enumerate(cells, 1)]
    (tmp_path / "log.csv").write_text("\n".join(["id,at,said,truth", *rows]), encoding="utf-8")
    return read_work(loads(TEAM + LOG), tmp_path)


@pytest.mark.parametrize(
    ("cells", "wrong"),
    [
        ([("1.0", "1"), ("2", "3")], [0, 1]),
        ([("1,234", "1,234"), ("1,234", "2,5")], [0, 1]),
        ([("0.5", "0,5"), ("95 %", "0,95")], [0, 0]),
        ([("red", "red"), ("red", "blue")], [0, 1]),
    ],
)
def test_an_item_is_judged_the_same_alone_and_among_others(tmp_path, cells, wrong):
    found = work(tmp_path, *cells)
    said = np.array([one for one, _ in cells], object)
    alone = [found.wrong(said[i : i + 1], np.array([i]))[0] for i in range(len(cells))]
    assert alone == wrong


@pytest.mark.parametrize(("tolerance", "wrong"), [(None, [0, 1, 1, 1]), (0, [0, 1, 1, 1]), (0.5, [0, 0, 1, 1])])
def test_numbers_within_the_tolerance_of_the_charter_are_right(tmp_path, tolerance, wrong):
    near = "" if tolerance is None else f"tolerance: {tolerance}, "
    rows = ["id,at,said,truth", "1,2026-01-01,2,2.0", "2,2026-01-02,2.5,3", "3,2026-01-03,2,3", "4,2026-01-04,,3"]
    (tmp_path / "log.csv").write_text("\n".join(rows), encoding="utf-8")
    found = read_work(loads(TEAM + LOG.replace("log: {", f"log: {{{near}")), tmp_path)
    assert found.wrong(np.array(["2", "2.5", "2", ""], object), np.arange(4)).tolist() == wrong


def test_a_truth_that_is_no_number_is_refused_where_nearness_is_asked_for(tmp_path):
    (tmp_path / "log.csv").write_text("id,at,said,truth\n1,2026-01-01,2,2\n2,2026-01-02,2,red\n", encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        read_work(loads(TEAM + LOG.replace("log: {", "log: {tolerance: 0.5, ")), tmp_path)
    (found,) = refused.value.diagnostics
    assert (found.code, found.place.line) == ("L010", 3)
