"""The API document says what is served, and what it says is so."""

from __future__ import annotations

import msgspec
import pytest
from jsonschema import Draft202012Validator

from airworthy.exchange.ask import Ask
from airworthy.web.openapi import document
from airworthy.web.routes import ROUTES
from web.golden import FILE
from web.live import ask

DOCUMENT = msgspec.json.decode(document())
OPERATIONS = [(path, method) for path, item in DOCUMENT["paths"].items() for method in item]


def test_the_kept_document_is_up_to_date():
    assert FILE.read_bytes() == document(), "run: python tests/web/golden.py, and read what it wrote"


def test_the_served_document_is_the_kept_one(server):
    assert server.client("nobody").get("/schema/openapi.json").content == document()


def test_every_endpoint_is_described_once():
    names = [DOCUMENT["paths"][path][method]["operationId"] for path, method in OPERATIONS]
    assert len(names) == len(set(names)) == len(ROUTES) + 3
    assert DOCUMENT["openapi"] == "3.1.0"


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=str)
def test_an_operation_names_its_words_its_refusals_and_its_scope(path, method):
    operation = DOCUMENT["paths"][path][method]
    assert operation["summary"].endswith(".")
    assert {"200", "401", "404", "500", "503"} <= set(operation["responses"])
    assert ("requestBody" in operation) == (method == "post")


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_a_form_is_a_schema(name):
    Draft202012Validator.check_schema(DOCUMENT["components"]["schemas"][name])


def test_what_is_asked_is_closed_and_bounded():
    form = DOCUMENT["components"]["schemas"]["Ask"]
    assert form["additionalProperties"] is False
    assert form["properties"]["attempt"]["minimum"] == 1
    assert set(form["properties"]) == set(Ask.__struct_fields__)


def test_what_is_told_has_the_form_that_is_described(server):
    told = server.client().post("/v1/decisions", json=ask("claim/form")).json()
    schema = {"$ref": "#/components/schemas/Told", "components": DOCUMENT["components"]}
    assert list(Draft202012Validator(schema).iter_errors(told)) == []


def test_a_refusal_has_the_form_that_is_described(server):
    problem = server.client().post("/v1/decisions", json={}).json()
    schema = {"$ref": "#/components/schemas/Problem", "components": DOCUMENT["components"]}
    assert list(Draft202012Validator(schema).iter_errors(problem)) == []
