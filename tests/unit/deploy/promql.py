"""As much of PromQL as it takes to say which metrics and labels a query names."""

import re
from dataclasses import dataclass, field

STRING = r'"(?:[^"\\]|\\.)*"'
OPERATORS = ["by", "without", "on", "ignoring", "group_left", "group_right", "offset", "bool"]
LOGIC = ["and", "or", "unless"]
SUMS = ["sum", "min", "max", "avg", "count", "topk", "bottomk", "quantile"]
RATES = ["rate", "irate", "increase", "delta", "changes", "max_over_time"]
OTHERS = ["absent", "scalar", "vector", "histogram_quantile", "clamp_max", "clamp_min", "time"]
WORDS = frozenset([*OPERATORS, *LOGIC, *SUMS, *RATES, *OTHERS])
SELECTOR = re.compile(rf"([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(\{{(?:[^{{}}\"]|{STRING})*\}})?")
MATCHER = re.compile(rf"([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*({STRING})")
GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
NUMBER = re.compile(rf"({STRING})|\[[^\]]*\]|\boffset\s+\w+|\b\d[\w.]*")


@dataclass(frozen=True)
class Matcher:
    """One condition on a label: its name, its operator, and the values that it names."""

    label: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Query:
    """What a query names: each metric with its matchers, and the labels that it groups by."""

    selectors: list[tuple[str, tuple[Matcher, ...]]] = field(default_factory=list)
    grouped_by: frozenset[str] = frozenset()

    @property
    def metrics(self) -> set[str]:
        """The names of the metrics."""
        return {name for name, _ in self.selectors}


def read(text: str) -> Query:
    """Return what the query names."""
    grouped = {
        label.strip() for labels in GROUPING.findall(text) for label in labels.split(",") if label
    }
    rest = NUMBER.sub(lambda found: found[1] or " ", GROUPING.sub(" ", text))
    selectors = [
        (name, tuple(_matchers(braces)))
        for name, braces in SELECTOR.findall(rest)
        if name not in WORDS
    ]
    return Query(selectors, frozenset(grouped))


def _matchers(braces: str) -> list[Matcher]:
    return [
        Matcher(label, operator, _values(operator, quoted[1:-1]))
        for label, operator, quoted in MATCHER.findall(braces)
    ]


def _values(operator: str, value: str) -> tuple[str, ...]:
    if value.startswith("$"):  # a variable of the dashboard
        return ()
    return tuple(value.split("|")) if operator in ("=~", "!~") else (value,)
