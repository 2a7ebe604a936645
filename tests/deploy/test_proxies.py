"""The reverse proxies' files fit the program that is behind them."""

import re
from pathlib import Path

import pytest

from bot.app.routes import public_routes
from bot.settings import load_settings
from bot.web.webhook import LARGEST
from tests.deploy import DEPLOY, ROOT

FILES = sorted((DEPLOY / "proxy").iterdir())
MEGABYTE = 10**6


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_proxy_lets_the_largest_webhook_pass(file: Path) -> None:
    (most,) = re.findall(r"(?:client_max_body_size|max_size) ([0-9]+)[mM]", file.read_text("utf-8"))
    assert int(most) * MEGABYTE > LARGEST


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_proxy_hides_metrics_and_keeps_links_out_of_its_log(file: Path) -> None:
    served = {route.path for route in public_routes(load_settings(None), lambda: None)}
    text = file.read_text("utf-8")
    for path in ("/metrics", "/my-data/"):
        assert any(route.startswith(path) for route in served)
        assert path in text


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_proxy_reaches_the_port_of_compose_and_the_units(file: Path) -> None:
    default = load_settings(None).port
    assert f"127.0.0.1:{default}" in file.read_text("utf-8")


def test_no_code_reads_where_a_request_came_from() -> None:
    """So neither X-Forwarded-For nor a proxy in front can change who somebody is taken for."""
    asks = re.compile(
        r"forwarded[-_](?:for|proto|host)|x-real-ip|\.remote\b|peername|request\.(?:host|scheme|secure)", re.I
    )
    found = {
        path.name: asks.findall(text)
        for folder in ("web", "hosts", "app", "channels/meta")
        for path in (ROOT / "bot" / folder).rglob("*.py")
        if asks.search(text := path.read_text("utf-8"))
    }
    assert found == {}
