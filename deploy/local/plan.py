"""What a start consists of, and what each part of it is told."""

from collections.abc import Mapping
from pathlib import Path

from deploy.local import environment as rules
from deploy.local import keepsakes
from deploy.local.parts import STANDINS, Service, ServicePart, WorkerPart
from deploy.local.postgres import EmbeddedPostgres
from deploy.local.process import Pause
from deploy.local.redis import EmbeddedRedis, free_port

SECRET_KEY_BYTES = 48
DEMO_PASSWORD_BYTES = 9
WORKER = ("manage.py", "db_worker")


def services(given: Mapping[str, str]) -> list[Service]:
    """The services that the gateway asks; one more is one more line. Raises StartError."""
    return [
        Service("promo_service", rules.port(given, "PROMO_PORT", 8001), "PROMO_SERVICE_URL"),
        Service("recco_service", rules.port(given, "RECCO_PORT", 8002), "RECCO_SERVICE_URL"),
    ]


def gateway(given: Mapping[str, str]) -> Service:
    """The gateway itself. Raises StartError for a port that is none."""
    host = given.get("GATEWAY_HOST") or rules.LOOPBACK
    return Service("gateway.serve", rules.port(given, "GATEWAY_PORT", 8000, host), "GATEWAY_URL")


def databases(folder: Path, pause: Pause) -> list[EmbeddedPostgres | EmbeddedRedis]:
    """Postgres and Redis, their data and logs below ``folder``."""
    logs = folder / "log"
    return [
        EmbeddedPostgres(folder / "postgres", logs / "postgres.log", pause=pause),
        EmbeddedRedis(folder / "redis", logs / "redis.log", pause),
    ]


def upstream_parts(given: Mapping[str, str], logs: Path) -> list[ServicePart]:
    """The services that nobody named another address for, and the stand-ins if one is needed."""
    parts = [
        ServicePart(service, rules.service_environment(given, service.at), logs)
        for service in services(given)
        if not rules.given(given, service.variable)
    ]
    if rules.missing_outside(given):
        parts.append(_standins(given, logs))
    return parts


def _standins(given: Mapping[str, str], logs: Path) -> ServicePart:
    """What stands in for the world outside: weather, avatars, mail."""
    at = rules.port(given, "STANDIN_PORT", 8003)
    smtp = rules.port(given, "STANDIN_SMTP_PORT", free_port())
    environment = rules.service_environment(given, at) | {"SMTP_PORT": str(smtp.number)}
    service = Service("tests.standins", at, "STANDIN_URL", name=STANDINS)
    return ServicePart(service, environment, logs, more_ports=(smtp,))


def worker(environment: Mapping[str, str], logs: Path) -> WorkerPart:
    """The process that does what must not be lost: it is told what the gateway is told."""
    return WorkerPart("worker", WORKER, environment, logs)


def gateway_environment(
    folder: Path, given: Mapping[str, str], urls: Mapping[str, str]
) -> dict[str, str]:
    """What the gateway and its commands are told: what is given, and the rest filled in."""
    defaults = rules.gateway_defaults(urls, str(folder / "static"))
    defaults["UPLOADS_ROOT"] = str(folder / "uploads")
    if not rules.given(given, "SECRET_KEY"):
        defaults["SECRET_KEY"] = keepsakes.secret(folder / "secret_key", SECRET_KEY_BYTES)
    if not rules.given(given, "DEMO_PASSWORD"):
        defaults["DEMO_PASSWORD"] = keepsakes.secret(folder / "demo_password", DEMO_PASSWORD_BYTES)
    return rules.filled(given, defaults)
