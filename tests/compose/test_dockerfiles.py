"""What the Dockerfiles promise about each other; this needs no engine."""

from tests.compose.docker import REPOSITORY


def first_stages(name: str) -> list[str]:
    """Return the instructions up to the third ``FROM``, without comments."""
    text = (REPOSITORY / "deploy/docker" / f"{name}.Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    starts = [number for number, line in enumerate(lines) if line.startswith("FROM ")]
    return lines[: starts[2]]


def test_the_edge_is_built_from_the_gateways_stages() -> None:
    """Otherwise the pages might name static files that the edge does not have."""
    assert first_stages("edge") == first_stages("gateway")
