"""Misconfigurations of addresses, senders, folders and roles, each with what mends it."""

from typing import Any

from tests.unit.ops.judging import Case, Make, facts


def _set(**changed: Any) -> Make:
    return lambda: facts(changed)


def _database(**changed: Any) -> Make:
    return lambda: facts(database=changed)


def _good() -> Any:
    return facts()


_OPTIONS = {"connect_timeout": 2, "options": "-c statement_timeout=5000"}
_MANAGED = "db.foolscap.example.org"

CASES_OUTSIDE = (
    Case("X010", _set(HTTP_TRANSPORT="httpcore"), _set(HTTP_TRANSPORT="pyreqwest"), "httpcore"),
    Case(
        "X011",
        _set(DEFAULT_FROM_EMAIL="Foolscap <shop@foolscap.example>"),
        _set(DEFAULT_FROM_EMAIL="Books <post@books.org>"),
        "foolscap.example",
    ),
    Case(
        "X012",
        _set(PROMO_SERVICE_URL="http://127.0.0.1:8001"),
        _set(PROMO_SERVICE_URL="http://promo:8001"),
        "127.0.0.1",
    ),
    Case(
        "X012",
        _set(RECCO_SERVICE_URL="https://shop.foolscap.example/recco"),
        _set(RECCO_SERVICE_URL="https://recco.foolscap.example"),
        "RECCO_SERVICE_URL",
    ),
    Case(
        "X013",
        _set(PROMO_SERVICE_URL="http://one:8001", RECCO_SERVICE_URL="http://one:8001/"),
        _set(PROMO_SERVICE_URL="http://one:8001", RECCO_SERVICE_URL="http://one:8002/"),
        "are the same",
    ),
    Case(
        "X014",
        _set(STATIC_ROOT="/srv/static", UPLOADS_ROOT="/srv/static/uploads"),
        _set(STATIC_ROOT="/srv/static", UPLOADS_ROOT="/srv/uploads"),
        "STATIC_ROOT",
    ),
    Case(
        "X014",
        _set(UPLOADS_ROOT="/run/uploads"),
        _set(UPLOADS_ROOT="/var/lib/uploads"),
        "outlive",
    ),
    Case(
        "X015",
        _set(MANUSCRIPTS_QUOTA_BYTES=100 * 1024**2),
        _set(MANUSCRIPTS_QUOTA_BYTES=200 * 1024**2),
        "all together",
    ),
    Case("X016", _set(ALLOWED_HOSTS=[".org"]), _set(ALLOWED_HOSTS=[".foolscap.org"]), ".org"),
    Case(
        "X017",
        _set(WEATHER_SERVICE_URL="https://api.open-meteo.com", WEATHER_FRESH_SECONDS=0.0),
        _set(WEATHER_SERVICE_URL="http://standins:8003", WEATHER_FRESH_SECONDS=0.0),
        "open-meteo",
    ),
    Case("K004", _set(STALE_SECONDS=604_800.0), _set(STALE_SECONDS=86_400.0), "604800"),
    Case("D004", _database(USER="postgres"), _good, "postgres"),
    Case(
        "D005",
        _database(HOST=_MANAGED, OPTIONS={**_OPTIONS, "sslmode": "require"}),
        _database(HOST=_MANAGED, OPTIONS={**_OPTIONS, "sslmode": "verify-full"}),
        "sslmode is require",
    ),
    Case(
        "D005",
        _set(REDIS_URL="redis://:w8Rz2@cache.foolscap.example.org:6379"),
        _set(REDIS_URL="rediss://:w8Rz2@cache.foolscap.example.org:6379"),
        "without TLS",
    ),
    Case("D006", _database(PORT=6432), _database(PORT=5432), "6432"),
    Case("D006", _database(HOST="pgbouncer"), _good, "pgbouncer"),
)
