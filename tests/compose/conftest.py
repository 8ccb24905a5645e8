"""One stack for all of these tests; it is taken down whatever happens."""

import os
import secrets
import sys
from collections.abc import Iterator

import pytest

from tests.compose.docker import DockerError, Stack, answers, free_port
from tests.compose.visitor import Visitor, complete


@pytest.fixture(scope="session")
def images() -> Stack:
    """The images, built, as a stack that has not started."""
    if not answers():
        sentence = "No Docker engine with Compose answers here: start one to run these tests."
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(sentence)
        pytest.skip(sentence)
    stack = Stack(f"e2e-{secrets.token_hex(4)}", free_port())
    try:
        stack.build()
    except DockerError as exc:
        pytest.exit(f"The images cannot be built.\n{exc}", returncode=1)
    return stack


@pytest.fixture(scope="session")
def stack(images: Stack, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The stack, with one gateway, healthy."""
    failed_before = request.session.testsfailed
    try:
        images.up("--build")
        yield images
    except DockerError:
        sys.stderr.write(images.logs(tail=100))
        raise
    finally:
        if request.session.testsfailed > failed_before:
            sys.stderr.write(images.logs(tail=100))
        images.down()


@pytest.fixture
def visitor(stack: Stack) -> Visitor:
    """A visitor who finds a complete page, whatever the test before has broken."""
    visitor = Visitor(stack.port)
    assert complete(visitor.waits_for(complete))
    return visitor
