"""What the upstreams say: the two replies of our own services, and the same as ready HTML."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings
from django.template import Context, Engine

from tests.live import Shop

TEMPLATES = Path(__file__).with_name("peers") / "templates"
PARTS = {"promo": "_promo.html", "recco": "_recco.html"}
PROMO_PATH, RECCO_PATH = "/v1/promotions", "/v1/recommendations"
MEMBER = "1"


@dataclass(frozen=True)
class Resource:
    """What lies at a path of the upstreams: a file, its type, and for how long it is good."""

    path: str
    file: str
    content_type: str
    cache_control: str


RESOURCES = (
    Resource(PROMO_PATH, "promo.json", "application/json", "public, max-age=300"),
    Resource(RECCO_PATH, "recco.json", "application/json", "public, max-age=60"),
    Resource("/promo.html", "promo.html", "text/html; charset=utf-8", "public, max-age=300"),
    Resource("/recco.html", "recco.html", "text/html; charset=utf-8", "public, max-age=60"),
    Resource("/", "esi.html", "text/html; charset=utf-8", "public, max-age=300"),
)
MEMBERS_RECCO = Resource(RECCO_PATH, "member.json", "application/json", "private, max-age=60")
"""What is said of recommendations where a member is named."""


def collect(shop: Shop, folder: Path) -> None:
    """Ask the services of ``shop`` once, and lay what they say into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    promo = _asked(shop.promo.url + PROMO_PATH)
    recco = _asked(shop.recco.url + RECCO_PATH)
    member = _asked(f"{shop.recco.url}{RECCO_PATH}?member_id={MEMBER}")
    for name, body in (("promo", promo), ("recco", recco), ("member", member)):
        (folder / f"{name}.json").write_bytes(body)
    said = {"promo": json.loads(promo), "books": json.loads(recco)["items"]}
    for name, part in PARTS.items():
        (folder / f"{name}.html").write_text(_rendered(part, said), encoding="utf-8")
    (folder / "esi.html").write_text(frame('<esi:include src="/{}.html"/>'), encoding="utf-8")


def frame(include: str) -> str:
    """Return the page with ``include`` where its parts belong; its ``{}`` is the part's name."""
    page = (TEMPLATES / "page.html").read_text(encoding="utf-8")
    for name, part in PARTS.items():
        page = page.replace(f'{{% include "{part}" %}}', include.format(name))
    return page


def _rendered(part: str, said: dict[str, Any]) -> str:
    if not settings.configured:  # the engine writes numbers as they say
        settings.configure()
    return Engine(dirs=[str(TEMPLATES)]).get_template(part).render(Context(said, use_l10n=False))


def _asked(url: str) -> bytes:
    reply = httpx.get(url, timeout=5.0, trust_env=False)
    reply.raise_for_status()
    return reply.content
