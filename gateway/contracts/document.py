"""``docs/contracts.md``: written from the declarations, for who owns a service.

The part between the markers is written by hand and stays as it is.
"""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from gateway.contracts.anatomy import Field, bounds, fields
from gateway.contracts.keeping import PERSONAL, PUBLIC
from gateway.contracts.pactfiles import Interaction, interactions
from gateway.contracts.services import CONTRACTS, Contract
from gateway.contracts.units import WORDS

BEGIN = "<!-- by hand: begin -->"
END = "<!-- by hand: end -->"
AGAIN = "python -m gateway.contracts document --write"

_INTRODUCTION = f"""\
<!-- Written by `{AGAIN}` from the declarations.
     Only what stands between the markers "by hand" is not. -->

# What the pages need of a service

You own a promotions or a recommendation service, or are about to write one, and want to know before
a release that the pages will stand. This page says what they need. Trying it says whether they get
it:

```
make contract PROMO=http://127.0.0.1:9001 RECCO=http://127.0.0.1:9002
```

asks your service everything that the pages would ask, and says for each question what was asked,
what was expected, what came, and which part of the page needs it. Name one service or both; without
a name our own are started and tried. It ends with 0 where the contract is kept, 1 where it is
broken, 2 where nobody is there; make itself ends with 2 for either, and the last line of the report
says which. `python -m gateway.contracts verify --promo URL --recco URL` is the same without make.
`JUNIT=report.xml` writes the same for a build server. Inside the stack it is
`docker compose run --rm contract`. It changes nothing, sends some fifteen requests to each service,
and takes a few seconds, whatever the service does.

There is one declaration of each service ([`payloads.py`](../gateway/storefront/payloads.py),
[`plan.py`](../gateway/storefront/plan.py)). Each reply is judged by it at the gateway's door, each
trial goes by it, and this page is written from it. The questions are those of the
[contract files](../tests/contract/pacts/), which are in Pact's format, so that your own tests can
use them. `python -m gateway.contracts schema promo` shows a reply's JSON Schema.

You may send more fields than are named here, in any order, chunked or with a Content-Length, with
or without an `ETag`. What the page forgives in production is owed all the same: a field that is
left out costs the visitor something.
"""

_REMARKED = """\
### What breaks a trial, and what is only remarked upon

Whatever the tables and the sentences above say breaks it. Remarked upon, and no more, are: a reply
that takes longer than a page waits (if even the quickest does, it breaks); a link or a picture that
is no path on this site; a picture without words; a banner that is over; a wrong check digit in an
ISBN; the same banner or book twice; a lifetime of 0; an unknown path that gets no problem details;
HEAD, and methods that are not for it; cookies; an `ETag` that is never confirmed with 304. What
nobody outside can bring about, such as a 429, is not tried, and the report says so.
"""


def _shared() -> str:
    """What holds for every service."""
    rows = (
        (
            "format",
            "`application/json` in UTF-8, not packed; `charset=utf-8` may be named; no name twice "
            "in one object",
        ),
        ("size", "at most 1 MiB; the page reads no further"),
        (
            "errors",
            "`application/problem+json` (RFC 9457) with at least `title` and `status`, which is "
            "the status of the reply",
        ),
        ("redirects, cookies", "are not followed, and never sent back"),
        (
            "`ETag`",
            "may be there; then `If-None-Match` gets 304, or the whole reply again. "
            "A tag that you never gave gets the whole reply",
        ),
        ("429, 503", "may say in `Retry-After` for how many seconds to leave you alone"),
        (
            "sent with each question",
            "`X-Request-ID`, `traceparent`, and in `X-Envoy-Expected-Rq-Timeout-Ms` the "
            "milliseconds that are left",
        ),
    )
    head = ["## What holds for every service", "", "| | |", "|---|---|"]
    said = (
        "A reply that breaks what is said of one field is no reply: the page shows none of it, "
        "because the rest could be wrong too."
    )
    return "\n".join([*head, *(_cells(*row) for row in rows), "", said, "", _REMARKED])


def written(path: Path) -> str:
    """Return the page as it should be, with the part by hand of the one at ``path``."""
    parts = [_INTRODUCTION, *(_service(each) for each in CONTRACTS), _shared(), _by_hand(path)]
    return "\n".join(parts)


def judged(path: Path) -> str:
    """Return what is wrong with the page at ``path``; nothing where it is up to date."""
    if not path.is_file():
        return f"{path} is not there: run {AGAIN}."
    if path.read_text(encoding="utf-8") != written(path):
        return f"{path} is not what the declarations say: run {AGAIN}."
    return ""


def _by_hand(path: Path) -> str:
    held = path.read_text(encoding="utf-8") if path.is_file() else ""
    _, begin, rest = held.partition(BEGIN)
    ours, end, _ = rest.partition(END)
    inside = ours if begin and end else "\n## Versions\n\n"
    return f"{BEGIN}{inside}{END}\n"


def _service(contract: Contract) -> str:
    endpoint = contract.endpoint
    kept = "private" if contract.personal else "public"
    lines = [
        f"## The {contract.title}",
        "",
        f"It is {contract.part}. Its address is the setting `{endpoint.service}`; a page waits for "
        f"it as long as `{endpoint.timeout}` says. `Cache-Control: {kept}, max-age=...` tells "
        f"{PERSONAL if contract.personal else PUBLIC}.",
        "",
        f"**What a visitor sees where a reply cannot be used:** {contract.without}",
        "",
        "### What is asked",
        "",
        "| question | request | answer |",
        "|---|---|---|",
        *(_question(each) for each in interactions(contract.provider)),
        "",
        "### What must come back",
        "",
        "| field | type | bounds | unit | needed for | where it is left out |",
        "|---|---|---|---|---|---|",
        *(_row(field) for field in fields(endpoint.payload)),
        "",
        *_terms(contract),
        "",
    ]
    return "\n".join(lines)


def _terms(contract: Contract) -> Iterator[str]:
    for term in contract.terms:
        yield f"- {term}"


def _question(interaction: Interaction) -> str:
    ask = interaction.request
    query = urlencode(ask.query, doseq=True)
    request = f"`{ask.method} {ask.path}{'?' + query if query else ''}`"
    if ask.headers:
        request += " with " + ", ".join(f"`{name}`" for name in ask.headers)
    kind = ", ".join(interaction.response.headers.get("Content-Type", []))
    answer = " ".join(filter(None, (str(interaction.response.status), kind)))
    return _cells(interaction.description, request, answer)


def _row(field: Field) -> str:
    kind = field.kind
    said = kind.words + (" or null" if kind.nullable else "")
    unit = WORDS.get(kind.unit, "YYYY-MM-DD" if kind.words == "date" else "")
    return _cells(f"`{field.path}`", said, bounds(kind), unit, kind.part, _left_out(field))


def _left_out(field: Field) -> str:
    if not field.kind.owed:
        return f"{field.kind.without}; need not be sent yet"
    return field.kind.without if field.forgiven else "no reply"


def _cells(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
