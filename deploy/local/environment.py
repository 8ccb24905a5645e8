"""What the parts are told through their environment, and what the environment tells us.

Plain rules: whatever the person set wins, the rest is filled in.
"""

import errno
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from deploy.local.errors import StartError

LOOPBACK = "127.0.0.1"
DRAIN_SECONDS = 5
DEMO_EMAIL = "ada@example.com"
OUTSIDE = {
    "weather": "WEATHER_SERVICE_URL",
    "avatar": "AVATAR_SERVICE_URL",
    "email": "EMAIL_URL",
}
"""What the shop asks of the world outside, and the variable that says where it is."""


@dataclass(frozen=True)
class Port:
    """A port to listen on, the variable that chooses it, and the address it is on."""

    number: int
    variable: str
    host: str = LOOPBACK

    @property
    def reachable_host(self) -> str:
        """Where we reach it ourselves: "every address" is none to connect to."""
        return {"0.0.0.0": LOOPBACK, "::": "::1"}.get(self.host, self.host)

    @property
    def url(self) -> str:
        """Where we reach what listens there."""
        host = self.reachable_host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.number}"


def given(environment: Mapping[str, str], name: str) -> bool:
    """Whether the person set ``name``, or ``name_FILE``, to anything."""
    return bool(environment.get(name) or environment.get(f"{name}_FILE"))


def filled(environment: Mapping[str, str], defaults: Mapping[str, str]) -> dict[str, str]:
    """The environment with ``defaults`` for what is not given."""
    missing = {name: value for name, value in defaults.items() if not given(environment, name)}
    return {**environment, **missing}


def port(environment: Mapping[str, str], variable: str, default: int, host: str = LOOPBACK) -> Port:
    """The port that ``variable`` names; raises StartError if it names none."""
    text = environment.get(variable) or str(default)
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65_535):
        raise StartError(f"{variable} must be a number from 1 to 65535, and is {text!r}.")
    return Port(int(text), variable, host)


def gateway_defaults(urls: Mapping[str, str], static_root: str) -> dict[str, str]:
    """What the gateway is told beside its secrets; ``urls`` names databases and services."""
    return {
        **urls,
        "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
        "HTTPS_ONLY": "false",
        "STATIC_ROOT": static_root,
        "DRAIN_SECONDS": str(DRAIN_SECONDS),
        "PYTHONUNBUFFERED": "1",
    }


def missing_outside(environment: Mapping[str, str]) -> list[str]:
    """What of the world outside the person gave no address for: a stand-in takes its place."""
    return [name for name, variable in OUTSIDE.items() if not given(environment, variable)]


def standin_addresses(
    environment: Mapping[str, str], standin_url: str, smtp_port: int
) -> dict[str, str]:
    """What the gateway is told of the stand-ins, and which they are, so that its pages say so."""
    missing = missing_outside(environment)
    addresses = {OUTSIDE[name]: standin_url for name in missing}
    if "email" in missing:
        addresses["EMAIL_URL"] = f"smtp://{LOOPBACK}:{smtp_port}"
    return addresses | {"STANDINS": ",".join(missing)}


def service_environment(environment: Mapping[str, str], at: Port) -> dict[str, str]:
    """What a service is told. Shells set HOST to the machine's name, so it is never taken over."""
    own = {"HOST": LOOPBACK, "PORT": str(at.number), "PYTHONUNBUFFERED": "1"}
    return {**environment, **own}


def check_ports(ports: list[Port]) -> None:
    """Raises StartError for a port that is named twice, or that somebody listens on already."""
    seen: dict[int, str] = {}
    for each in ports:
        if each.number in seen:
            raise StartError(f"{seen[each.number]} and {each.variable} are both {each.number}.")
        seen[each.number] = each.variable
        if not _free(each):
            raise StartError(
                f"Port {each.number} is in use: end what listens there, "
                f"or choose another one with {each.variable}."
            )


def _free(port: Port) -> bool:
    family = socket.AF_INET6 if ":" in port.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((port.host, port.number))
            # Without listening, the bind alone is granted beside a socket that does listen.
            probe.listen(1)
        except PermissionError as error:
            raise StartError(
                f"Port {port.number} is reserved for root: choose one above 1023 "
                f"with {port.variable}."
            ) from error
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise StartError(f"Nothing can listen on {port.host}: {error.strerror}.") from error
    return True
