"""Our handler and our whole middleware, in front of views of the tests' own."""

from collections.abc import Iterator
from typing import Any

import pytest

from gateway.web.handler import Handler
from tests.unit.web import views


@pytest.fixture
def handler(settings: Any) -> Iterator[Handler]:
    """The gateway's handler over the urlconf of ``views``."""
    settings.ROOT_URLCONF = views.__name__
    views.hanging.calls.clear()
    views.hanging.cancellations = 0
    views.closed.clear()
    return Handler()
