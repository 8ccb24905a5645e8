"""What the edge says to browsers is what the gateway says, word for word."""

import base64
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.process import REPOSITORY
from gateway.web.protection import NOTHING, protection

NGINX = REPOSITORY / "deploy/nginx"
EDGE = (NGINX / "nginx.conf").read_text(encoding="utf-8")
SAID = dict(
    re.findall(
        r"^add_header (\S+)\s+(\S+)\s+always;", (NGINX / "protection.conf").read_text(), re.M
    )
)
PAGES = sorted((NGINX / "pages").glob("*.html"))
OWN = ("static", "_edge")


def location(name: str) -> str:
    found = re.search(rf"location \^~ /{name}/ \{{(.*?)\n        \}}", EDGE, re.S)
    assert found
    return found[1]


def mapped(variable: str) -> str:
    """The one value that a map gives to ``variable``, but for its default."""
    found = re.search(rf'\$?{variable} \{{[^}}]*?"([^"]{{20,}})";', EDGE)
    assert found
    return found[1]


def test_the_edge_says_what_the_gateway_says() -> None:
    wanted = protection() | {"Permissions-Policy": "$permissions"}
    own = {name: value for name, value in SAID.items() if name in wanted}
    assert own | {"Content-Security-Policy": wanted["Content-Security-Policy"]} == wanted
    assert mapped("permissions") == protection()["Permissions-Policy"]


@pytest.mark.parametrize("name", OWN)
def test_its_own_answers_say_all_of_it_and_a_policy(name: str) -> None:
    text = location(name)
    assert "include protection.conf;" in text
    assert "add_header Content-Security-Policy \"default-src 'none';" in text
    assert "unsafe" not in text


def test_a_file_has_the_same_policy_from_both() -> None:
    assert f'"{NOTHING}"' in location("static")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_style_sheet_of_a_page_is_the_one_that_is_allowed(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    [style] = re.findall(r"<style>(.*?)</style>", text, re.S)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in location("_edge")
    assert not re.search(r"<script|\son\w+=|\sstyle=|src=", text)


def test_hsts_is_in_the_words_of_the_gateway() -> None:
    """What is said last counts (RFC 6797, 8.1): another wording would take back a part of it."""
    told = """
import django
from django.conf import settings
django.setup()
from django.middleware.security import SecurityMiddleware
from django.http import HttpRequest, HttpResponse
asked = HttpRequest()
asked.META["HTTP_X_FORWARDED_PROTO"] = "https"
said = SecurityMiddleware(lambda r: r).process_response(asked, HttpResponse())
print(said["Strict-Transport-Security"])
"""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings", "HTTPS_ONLY": "true"}
    done = subprocess.run(
        [sys.executable, "-c", told],
        env=environment,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == mapped("hsts")


def test_whatever_comes_from_the_gateway_has_hsts_too() -> None:
    proxied = (NGINX / "proxy.conf").read_text(encoding="utf-8")
    assert "add_header Strict-Transport-Security $hsts always;" in proxied
    # Where a location adds headers of its own, it takes over none from outside.
    public = EDGE.partition("# For the health check alone")[0]
    for block in re.findall(r"location [^{]*\{(.*?)\n        \}", public, re.S):
        assert "include proxy.conf;" in block or "include protection.conf;" in block
