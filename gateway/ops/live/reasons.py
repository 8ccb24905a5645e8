"""Each reason word: what it means, what causes it mostly, and what to do about it.

``docs/operations.md`` says the same, line by line, and a test holds the two together.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """One word of the closed list of ``gateway/aggregation/errors.py``, for people."""

    word: str
    means: str
    mostly: str
    do: str


REASONS = (
    Reason(
        "timeout",
        "It did not answer within its time.",
        "It is overloaded, or waits for something itself; seldom its time is too short.",
        "Look at its p95 against its timeout. If it is slow for good, raise the timeout at run "
        "time (the page's budget is the bound); if it is overloaded, leave it: the breaker and "
        "the limit spare it.",
    ),
    Reason(
        "refused",
        "Nobody listens at its address.",
        "The service is not running, restarts, or its address is wrong.",
        "Start it, or put its address right and restart the gateways.",
    ),
    Reason(
        "unresolved",
        "Its name has no address.",
        "A typing error in its address, or the name service is down.",
        "Look the name up from where the gateway runs; put it right and restart.",
    ),
    Reason(
        "unreachable",
        "No connection could be made.",
        "A network that drops packets, a firewall, or a certificate that is not accepted.",
        "Connect from where the gateway runs; the detail names what the connection failed of.",
    ),
    Reason(
        "disconnected",
        "The connection broke before the reply was whole.",
        "The service crashed or was restarted amid a reply, or something between cuts long ones.",
        "Look into its log at that time.",
    ),
    Reason(
        "busy",
        "None of our own connections to it became free in time.",
        "More is asked of it at once than the pool has connections.",
        "Look at running and waiting; for Postgres raise POSTGRES_POOL_SIZE and restart, or find "
        "what is slow.",
    ),
    Reason(
        "rejected",
        "It would not do what it was asked.",
        "Postgres: a migration that is missing, a right that is missing, or it is read-only.",
        "Run manage.py migrate; the gateway's log names the error (detail).",
    ),
    Reason(
        "protocol",
        "What came back is not HTTP as it was asked for.",
        "Another program listens there, or the service, or a proxy before it, is broken.",
        "Ask it with curl -v from where the gateway runs.",
    ),
    Reason(
        "status",
        "It answered with an error status; the detail says which.",
        "5xx: its own fault. 4xx: it does not know what we ask; often a release that does not fit.",
        "Look into its log by our X-Request-ID; make contract tries it.",
    ),
    Reason(
        "content-type",
        "It answered in another format, such as HTML with 200.",
        "A proxy, a login page or an error page answers in its place.",
        "Ask it with curl -i from where the gateway runs.",
    ),
    Reason(
        "payload",
        "It is the right format and not what the contract says; the detail names the field.",
        "A release of the service that does not fit ours.",
        "make contract PROMO=url RECCO=url says what is wrong with each answer; roll it back.",
    ),
    Reason(
        "too-large",
        "Its answer has more bytes than it is allowed.",
        "A list without an end, or something that is no answer at all.",
        "Ask it with curl and look at the size.",
    ),
    Reason(
        "open",
        "It failed so often that it is left alone; one call at a time tries whether it is well.",
        "What it failed of before stands beside it.",
        "Nothing: it closes by itself within about two seconds of the end of the trouble.",
    ),
    Reason(
        "full",
        "As many calls of it run and wait as may.",
        "It is slow, so that the limit fell; or there are more visitors than it bears.",
        "Look at its limit and its p95; add instances of it, or gateways where it is Postgres.",
    ),
    Reason(
        "injected",
        "We made it fail on purpose.",
        "Somebody switched a fault on: here, or by manage.py fault.",
        "Switch it off below, or wait for its end.",
    ),
    Reason(
        "off",
        "Staff have switched it off: nobody asks it.",
        "Somebody did so in the admin; the history says who and why.",
        "Remove it in the admin under Sources switched off.",
    ),
    Reason(
        "cancelled",
        "We stopped asking, because the page could not be shown any more.",
        "A primary part of the same page failed.",
        "Look at what that part says.",
    ),
    Reason(
        "crashed",
        "Our own code failed.",
        "A fault of ours; the log has it with its traceback (fragment.crashed).",
        "Report it, or roll the gateway back.",
    ),
)

BY_WORD = {each.word: each for each in REASONS}
