"""The gateway's API is what its description says: linted, and asked whatever that allows."""

import json
import re

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.specs.openapi.checks import positive_data_acceptance

from apikeys import urls
from apikeys.gateway.deciding import Refusal
from apikeys.gateway.openapi import described
from apikeys.models import Environment

DESCRIPTION = "/gateway/v1/openapi.json"
METHODS = {"get", "post"}


@pytest.fixture
def operations():
    return [
        (path, method, operation)
        for path, methods in described()["paths"].items()
        for method, operation in methods.items()
    ]


def resolved(document, node):
    if "$ref" in node:
        for name in node["$ref"].removeprefix("#/").split("/"):
            document = document[name]
        return document
    return node


def test_it_is_openapi(client):
    response = client.get(DESCRIPTION)

    assert response["Access-Control-Allow-Origin"] == "*"
    assert response["Content-Type"] == "application/json"
    assert response.json()["openapi"].startswith("3.1.")
    assert list(OpenAPIV31SpecValidator(response.json()).iter_errors()) == []


def test_it_says_whom_to_ask_and_where_it_is():
    info = described()["info"]

    assert {"name", "email", "url"} <= info["contact"].keys()
    assert info["license"]["identifier"] == "EUPL-1.2"
    [server] = described()["servers"]
    assert server["url"].endswith("/gateway/v1")  # the version, in the path


def test_it_names_every_address_and_nothing_else():
    routes = [str(one.pattern) for one in urls.urlpatterns]
    ours = {f"/{one}" for one in routes if one.startswith("gateway/v1/")}

    assert ours == {f"/gateway/v1{path}" for path in described()["paths"]}


def test_it_names_what_a_gateway_tells_and_every_reason_to_refuse(settings):
    settings.CALLER_HEADER = "X-Forwarded-For"
    document = described()

    parameters = document["paths"]["/verify"]["get"]["parameters"]
    assert {resolved(document, one)["name"] for one in parameters} == {
        "apikey",
        "X-Api",
        "X-Environment",
        "X-Forwarded-For",
    }
    reasons = document["components"]["headers"]["X-Refusal"]["schema"]["enum"]
    assert reasons == [refusal.value for refusal in Refusal]
    environment = document["components"]["parameters"]["X-Environment"]["schema"]
    assert environment["enum"] == Environment.values


def test_the_type_of_a_problem_is_a_place_in_the_description(client, token):
    asker = {"Authorization": f"Bearer {token}", "apikey": "x"}
    told = client.get("/gateway/v1/verify", headers=asker).json()
    address, _hash, pointer = told["type"].partition("#")

    document = client.get(f"/{address.split('/', 3)[3]}").json()
    place = resolved(document, {"$ref": f"#{pointer}"})
    assert place["title"] == told["title"]
    assert document["x-refusals"].keys() == {one.value for one in Refusal}


def test_operations_follow_the_design_rules(operations):
    """NL API Design Rules 2.2.0, as far as a description shows them."""
    for path, method, operation in operations:
        assert method in METHODS
        assert not path.endswith("/")
        assert re.fullmatch(r"(/[a-z]+([-.][a-z]+)*)+", path), path
        assert re.fullmatch(r"[a-z][A-Za-z]+", operation["operationId"])
        assert operation["summary"]
        assert "500" in operation["responses"]
        assert not [
            p for p in operation.get("parameters", []) if p.get("in") == "query"
        ]


def test_every_answer_has_a_version_and_every_fault_is_a_problem(operations):
    document = described()
    for _path, _method, operation in operations:
        for status, node in operation["responses"].items():
            response = resolved(document, node)
            assert "API-Version" in response["headers"]
            if status >= "400":
                assert list(response["content"]) == ["application/problem+json"]


def test_members_are_in_camel_case():
    schemas = described()["components"]["schemas"]
    ours = {
        name: one for name, one in schemas.items() if name not in {"Label"}
    }  # GitHub's

    members = re.findall(r'"properties": {([^}]*)', json.dumps(ours))
    names = re.findall(r'"(\w+)": {', " ".join(members))
    assert names
    assert [
        name for name in names if not re.fullmatch(r"[a-z][A-Za-z0-9]*", name)
    ] == []


def test_operations_of_gateways_need_a_token(operations):
    open_ones = {path for path, _, operation in operations if not operation["security"]}

    assert open_ones <= {
        "/openapi.json", "/snapshot/keys", "/statements/keys", "/leaked-keys",
    }  # fmt: skip


@schemathesis.serializer("application/x-ndjson")
def ndjson(_context, lines):
    if not isinstance(lines, list):
        return json.dumps(lines).encode()
    return b"\n".join(json.dumps(line).encode() for line in lines)


@pytest.fixture
def one_transaction(db):
    """The application as it is served, but on the test's connection, as Django's client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


schema = schemathesis.openapi.from_wsgi(DESCRIPTION, get_wsgi_application())


@schema.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
def test_whatever_the_description_allows_is_answered_as_it_says(
    case, one_transaction, token, key
):
    if "Authorization" in (case.headers or {}):  # else it is left out on purpose
        case.headers["Authorization"] = f"Bearer {token}"

    # a line that is well-formed may still name a key that is not there
    case.call_and_validate(excluded_checks=[positive_data_acceptance])


def test_what_passes_is_described_too(one_transaction, token, secret, line):
    asker = {"Authorization": f"Bearer {token}"}

    passed = schema["/verify"]["GET"].Case(headers={**asker, "apikey": secret})
    counted = schema["/usage"]["POST"].Case(
        headers={**asker, "Batch-Id": "b-1"},
        body=[line()],
        media_type="application/json",
    )

    assert passed.call_and_validate().status_code == 204
    assert counted.call_and_validate().status_code == 200
