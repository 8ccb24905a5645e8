"""All that rules look at. What is not there (a file that an image has not) is empty."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.aggregation.layers import Layer
from gateway.ops.explain.audit.hosts import is_public
from gateway.ops.explain.model import FragmentPlan, PagePlan, StepPlan
from gateway.sources.declaration import Declaration
from gateway.sources.transports import MAX_CONNECTIONS

Place = tuple[PagePlan, StepPlan, FragmentPlan]

_UNITS = {"ms": 0.001, "": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
_SIZES = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


@dataclass(frozen=True, slots=True)
class Subject:
    """A source as it is declared, and the stack that was built around it."""

    declared: Declaration
    layers: tuple[Layer, ...]

    def layer(self, name: str) -> Layer | None:
        """Return the layer called ``name``; None where the stack has none."""
        return next((each for each in self.layers if each.name == name), None)

    @property
    def kept(self) -> bool:
        """Whether replies are kept."""
        storing = self.layer("storing")
        return storing is not None and storing.made_of["store"].keeping.bounds.fresh > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Settings, what was built with them, the files around it, and the headers of an answer.

    ``headers`` have lower-case names. ``replicas`` is how many gateways there are to be.
    ``connections`` is how many there may be to all services together.
    ``edge``, ``proxied`` and ``trusted`` are nginx.conf, proxy.conf and trusted.conf; ``services``
    what Compose is to start, and ``manifests`` what a cluster is told, both as data.
    ``private`` are the sources that forbid all but their own visitor to keep a reply; only services
    that were asked are among them.
    """

    settings: Any
    pages: tuple[PagePlan, ...] = ()
    sources: tuple[Subject, ...] = ()
    edge: str = ""
    proxied: str = ""
    trusted: str = ""
    compose: str = ""
    services: Mapping[str, Any] = field(default_factory=dict)
    manifests: tuple[Any, ...] = ()
    examples: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    replicas: int = 3
    connections: int = MAX_CONNECTIONS
    private: frozenset[str] = frozenset()

    @property
    def in_production(self) -> bool:
        """Whether visitors come: TLS is in front of it, or the world knows its name."""
        hosts = (host.lstrip(".") for host in self.settings.ALLOWED_HOSTS)
        return bool(self.settings.HTTPS_ONLY) or any(is_public(host) for host in hosts)

    def places(self) -> Iterator[Place]:
        """Give every fragment with its step and its page."""
        for page in self.pages:
            for step in page.steps:
                for fragment in step.fragments:
                    yield page, step, fragment

    def edge_seconds(self, directive: str, location: str = "") -> float | None:
        """Return what nginx is told for ``location``, or outside all of them, in seconds."""
        text = self._edge_location(location) if location else self._edge_http()
        found = re.search(rf"^\s*{directive}\s+(\d+)(ms|s|m|h)?\s*;", text, re.M)
        return int(found[1]) * _UNITS[found[2] or ""] if found else None

    def edge_bytes(self, directive: str, location: str = "") -> int | None:
        """Return what nginx is told for ``location``, or outside all of them; None if nothing."""
        text = self._edge_location(location) if location else self._edge_http()
        found = re.search(rf"^\s*{directive}\s+(\d+)([kmg]?)\s*;", text, re.M | re.I)
        return int(found[1]) * _SIZES[found[2].lower()] if found else None

    def compose_seconds(self, service: str, key: str) -> float | None:
        """Return a duration that Compose is told for ``service``, such as ``30s``."""
        found = re.search(rf"^    {key}: (?:(\d+)m)?(?:(\d+)s)?", self._service(service), re.M)
        return int(found[1] or 0) * 60 + float(found[2] or 0) if found else None

    def _service(self, name: str) -> str:
        found = re.search(rf"^  {name}:\n((?:    .*\n|\s*\n)*)", self.compose, re.M)
        return found[1] if found else ""

    def _edge_http(self) -> str:
        return re.split(r"^\s*location\b", self.edge, maxsplit=1, flags=re.M)[0]

    def says(self, text: str, directive: str) -> list[str]:
        """Return the arguments of each ``directive`` in a configuration of nginx."""
        bare = re.sub(r"#.*", "", text)
        return re.findall(rf"^\s*{directive}\s+([^;]+?)\s*;", bare, re.M)

    def edge_location(self, path: str) -> str:
        """Return what nginx is told for the location that names ``path``."""
        return self._edge_location(path)

    def _edge_location(self, path: str) -> str:
        found = re.search(
            rf"location [^{{]*{re.escape(path)}[^{{]*\{{(.*?)\n\s*\}}", self.edge, re.S
        )
        return found[1] if found else ""
