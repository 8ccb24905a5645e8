"""The stops as staff write them: what is refused, and in which words."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from gateway.tour import forgetting
from gateway.tour.models import MOST_STOPS, Stop

pytestmark = pytest.mark.django_db


def stop(**changes: Any) -> Stop:
    values: dict[str, Any] = {
        "slug": "oslo",
        "city": "Oslo",
        "latitude": Decimal("59.9139"),
        "longitude": Decimal("10.7522"),
        "date": date(2027, 4, 1),
        "position": 6,
    }
    return Stop(**values | changes)


def refusals(bad: Stop) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as refused:
        bad.full_clean()
    return refused.value.message_dict


def test_a_sound_stop_is_taken() -> None:
    sound = stop()
    sound.full_clean()
    sound.save()
    assert Stop.objects.get(slug="oslo").latitude == Decimal("59.9139")


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"latitude": Decimal("90.0001")}, "latitude", "from -90 (South Pole) to 90"),
        ({"latitude": Decimal("-91")}, "latitude", "from -90 (South Pole) to 90"),
        ({"longitude": Decimal("180.5")}, "longitude", "from -180 (west) to 180 (east)"),
        ({"latitude": Decimal("NaN")}, "latitude", "must be a decimal number"),
        ({"latitude": "north"}, "latitude", "must be a decimal number"),
        ({"position": 0}, "position", "whole number from 1 to 20"),
        ({"position": 21}, "position", "whole number from 1 to 20"),
        ({"city": "Os\nlo"}, "city", "Write it on one line"),
        ({"venue": "\x00"}, "venue", "Write it on one line"),
        ({"slug": "Oslo!"}, "slug", "Enter a valid"),
    ],
)
def test_what_is_no_stop_is_refused_in_a_sentence(
    changes: dict[str, Any], field: str, sentence: str
) -> None:
    assert sentence in " ".join(refusals(stop(**changes))[field])


def test_a_tour_has_at_most_twenty_stops() -> None:
    Stop.objects.all().delete()
    for number in range(MOST_STOPS):
        added = stop(slug=f"stop-{number}", position=number + 1)
        added.full_clean()
        added.save()
    assert "at most 20 stops" in refusals(stop(position=20))["__all__"][0]
    # One that is there already can still be changed.
    added.full_clean()


@pytest.mark.parametrize("latitude", ["91", "-90.5"])
def test_postgres_refuses_what_is_no_latitude_as_well(latitude: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        stop(latitude=Decimal(latitude)).save()


def test_a_change_makes_all_gateways_forget_the_stops(
    settings: Any, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    forgotten: list[str] = []
    monkeypatch.setattr(forgetting, "purge", lambda url, source: forgotten.append(source))
    with django_capture_on_commit_callbacks(execute=True):
        added = stop()
        added.save()
    assert forgotten == ["stops"]
    with django_capture_on_commit_callbacks(execute=True):
        added.delete()
    assert forgotten == ["stops", "stops"]


def test_a_redis_that_is_gone_does_not_undo_a_change(
    settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    with django_capture_on_commit_callbacks(execute=True):
        stop().save()
    assert Stop.objects.filter(slug="oslo").exists()
