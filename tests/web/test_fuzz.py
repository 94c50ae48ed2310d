"""Whatever is asked, as our own document allows or forbids it: an answer that it describes, and never a 5xx."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance, response_schema_conformance

from airworthy.web.openapi import document
from web.live import live

SCHEMA = schemathesis.openapi.from_file(document().decode())
ASKED = SCHEMA.exclude(path=["/v1/events", "/schema/openapi.json"])  # a stream has no end, and the document is static
LIMITS = {"deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck)}
PHASES = (Phase.explicit, Phase.generate)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory):
    with live(tmp_path_factory.mktemp("fuzzed")) as running:
        yield running


def ask(case: Case, fuzzed) -> None:
    """Every check but two: forms cannot say all we refuse, and the checker cannot read lists of a fixed length."""
    headers = {"authorization": f"Bearer {fuzzed.secrets['everything']}"}
    if isinstance(case.query.get("wait"), int | float) and case.query["wait"] > 0.01:
        case.query["wait"] = 0.01
    answer = case.call(base_url=fuzzed.url, headers=headers)
    assert answer.status_code < 500, answer.text
    left_out = [positive_data_acceptance, *([response_schema_conformance] if case.path == "/v1/spool" else [])]
    case.validate_response(answer, headers=headers, excluded_checks=left_out)


@ASKED.parametrize()
@settings(max_examples=6, phases=PHASES, **LIMITS)
def test_no_request_is_answered_with_a_defect(case: Case, fuzzed) -> None:
    ask(case, fuzzed)


@pytest.mark.slow
@ASKED.parametrize()
@settings(max_examples=100, phases=PHASES, **LIMITS)
def test_no_request_of_many_is_answered_with_a_defect(case: Case, fuzzed) -> None:
    ask(case, fuzzed)
