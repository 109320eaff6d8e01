"""Examples for gateways that are not in Debian: parsed, and laid beside our description.

nginx runs for real in tests/browser/test_nginx.py.
"""

import re
from pathlib import Path

import pytest
import yaml

from apikeys.gateway.openapi import described

DEPLOY = Path(__file__).parent.parent / "deploy"
EXAMPLES = ["traefik/dynamic.yaml", "envoy/envoy.yaml", "kong/kong.yaml"]
STANDARD = {"authorization", "content-type", "x-api", "apikey"}
CALLERS = {"x-caller-address", "x-forwarded-for"}  # PORTAL_CALLER_HEADER


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_yaml_and_asks_what_is_described(example):
    text = (DEPLOY / example).read_text()

    assert yaml.safe_load(text)
    assert "/gateway/v1/verify" in text
    assert "/verify" in described()["paths"]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_names_no_header_that_nobody_sends(example):
    text = (DEPLOY / example).read_text().lower()
    known = {name.lower() for name in described()["components"]["headers"]}
    known |= STANDARD | CALLERS

    named = set(
        re.findall(r"\bx-[a-z-]+\b|\bratelimit(?:-policy)?\b|\bretry-after\b", text)
    )
    assert {"x-organisation", "x-api-key-id"} <= named
    assert named <= known


def test_traefik_uses_the_parts_that_it_names():
    parts = yaml.safe_load((DEPLOY / "traefik/dynamic.yaml").read_text())["http"]

    for router in parts["routers"].values():
        assert set(router["middlewares"]) <= parts["middlewares"].keys()
        assert router["service"] in parts["services"]
        asked, forgotten = (
            router["middlewares"].index(name) for name in ("portal", "forget")
        )
        assert asked < forgotten  # else the portal would not see the key


def test_envoy_uses_the_clusters_that_it_names():
    text = (DEPLOY / "envoy/envoy.yaml").read_text()
    parts = yaml.safe_load(text)["static_resources"]
    clusters = {cluster["name"] for cluster in parts["clusters"]}

    assert set(re.findall(r"\bcluster: (\w+)", text)) == clusters


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_tells_who_calls_and_limits_a_key(example):
    text = (DEPLOY / example).read_text().lower()

    assert any(name in text for name in CALLERS)
    assert re.search(r"\b100\b", text)  # calls a second


def test_each_example_sets_the_address_of_who_calls_by_itself():
    traefik = yaml.safe_load((DEPLOY / "traefik/dynamic.yaml").read_text())["http"]
    forward = traefik["middlewares"]["portal"]["forwardAuth"]
    assert forward["trustForwardHeader"] is False
    assert "X-Forwarded-For" not in forward["authRequestHeaders"]
    assert "X-Forwarded-For" in (DEPLOY / "README.md").read_text()

    envoy = yaml.safe_load((DEPLOY / "envoy/envoy.yaml").read_text())
    [chain] = envoy["static_resources"]["listeners"][0]["filter_chains"]
    filters = chain["filters"][0]["typed_config"]["http_filters"]
    mutation, _limit, asks, _router = (one["typed_config"] for one in filters)
    [told] = mutation["mutations"]["request_mutations"]
    assert told["append"]["header"]["key"] == "x-caller-address"
    assert told["append"]["append_action"] == "OVERWRITE_IF_EXISTS_OR_ADD"
    sent = asks["http_service"]["authorization_request"]["allowed_headers"]["patterns"]
    assert {"exact": "x-caller-address"} in sent

    assert "kong.client.get_ip()" in (DEPLOY / "kong/kong.yaml").read_text()


@pytest.mark.parametrize("example", ["envoy/envoy.yaml", "kong/kong.yaml"])
def test_a_refusal_is_handed_on_whole_and_none_without_a_reason(example):
    text = (DEPLOY / example).read_text().lower()

    for name in ["www-authenticate", "x-refusal", "retry-after", "ratelimit-policy"]:
        assert name in text
    assert "does not know this gateway" in text
