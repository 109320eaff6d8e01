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


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_yaml_and_asks_what_is_described(example):
    text = (DEPLOY / example).read_text()

    assert yaml.safe_load(text)
    assert "/gateway/v1/verify" in text
    assert "/verify" in described()["paths"]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_names_no_header_that_nobody_sends(example):
    text = (DEPLOY / example).read_text().lower()
    known = {name.lower() for name in described()["components"]["headers"]} | STANDARD

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
