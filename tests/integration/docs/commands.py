"""Which commands the documents name, and how each of them is known to work."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.unit.docs.documents import fences, prose

_PROGRAMS = r"(?:[A-Z_]+=\S+\s)*(?:make|manage\.py|python|docker|kubectl|curl|npm|pip|sh)"
_COMMAND = re.compile(rf"{_PROGRAMS} \S.*")
_INLINE = re.compile(rf"`({_PROGRAMS}\s[^`]+)`")
_COMMENT = re.compile(r"\s{2,}#.*$")

_COMMANDS = r"(?:plan|audit|fault|purge|sweep_uploads)\b.*"
HERE = {
    "help": r"make help",
    "django": rf'make manage ARGS="{_COMMANDS}|manage\.py {_COMMANDS}',
    "python": r"python -m gateway\.contracts schema promo",
}
"""What is run by the test of the documents itself, and how."""

_BY_FILE = {
    "integration/test_local_run.py": {
        r"make run": "test_ctrl_c_ends_everything_that_a_complete_page_needed",
    },
    "unit/test_local_keepsakes.py": {
        r"PROMO_SERVICE_URL=\S+ make run": (
            "test_a_service_with_an_address_of_its_own_is_not_started"
        ),
    },
    "contract/test_command.py": {
        r"make contract": "test_our_own_services_are_started_tried_and_ended",
        r"make contract (?:PROMO|RECCO|…).*": "test_the_exit_code_says_how_the_trial_ended",
        r"python -m gateway\.contracts verify --promo URL --recco URL": (
            "test_the_image_needs_neither_pact_nor_a_database_nor_secrets"
        ),
    },
    "contract/test_declarations.py": {
        r"python -m gateway\.contracts document --write": "test_what_is_written_by_hand_stays",
    },
    "contract/test_consumer.py": {
        r"python -m tests\.contract\.write": "test_the_same_contract_is_written_each_time",
    },
    "integration/members/test_admin.py": {
        r'make manage ARGS="createsuperuser"': ("test_staff_can_add_a_member_who_can_then_sign_in"),
    },
    "integration/members/test_worker.py": {
        r"manage\.py db_worker": "test_two_workers_send_each_mail_once",
    },
    "server/test_uvicorn.py": {r"SERVER=uvicorn make run": "test_it_is_uvicorn"},
    "integration/traces/test_one_trace.py": {
        r"OTEL_EXPORTER_OTLP_ENDPOINT=\S+ make run": (
            "test_a_page_is_one_trace_with_the_right_parents"
        ),
    },
    "server/test_other_servers.py": {
        r"manage\.py runserver": "test_runserver_is_daphnes_and_shows_the_page",
    },
    "compose/test_stack.py": {r"docker compose up --build": "test_the_page_is_whole"},
    "compose/test_replicas.py": {
        r"docker compose up --build --scale gateway=3": "test_three_gateways_share_the_work",
    },
    "compose/test_contract.py": {
        r"docker compose run --rm contract": "test_our_services_keep_their_contracts",
    },
    "compose/test_documented.py": {
        r"docker compose --profile observability up --build": (
            "test_who_watches_is_part_of_the_stack_where_that_is_wanted"
        ),
        r"docker compose -f docker-compose\.yml -f deploy/observability/traces\.yml up --build": (
            "test_a_store_for_traces_is_part_of_the_stack_where_that_is_wanted"
        ),
        r"docker compose logs migrate": "test_the_log_of_migrate_tells_who_the_demo_member_is",
        r"docker compose exec gateway python manage\.py purge promo": (
            "test_what_a_source_said_can_be_purged_in_a_gateway"
        ),
    },
}
ELSEWHERE = {
    pattern: f"{file}::{test}"
    for file, tests in _BY_FILE.items()
    for pattern, test in tests.items()
}
"""What another test runs: a pattern, and that test."""

BY_CI = (
    *("make test", "make check", "make e2e", "make django-tests"),
    *("make chaos", "make soak", "make overload", "make bench", "make scale"),
)
"""What continuous integration runs as a whole: .ci/run says so."""


def commands(file: Path) -> Iterator[str]:
    """Give every command that a document names, in the order in which it does so."""
    for language, text in fences(file):
        if language in ("", "sh"):
            for line in text.replace("\\\n", " ").splitlines():
                if _COMMAND.fullmatch(line.strip()):
                    yield " ".join(_COMMENT.sub("", line).split())
    for found in _INLINE.findall(prose(file)):
        yield " ".join(found.split())
