import math
import re

from hypothesis import given
from hypothesis import strategies as st

from gateway.tour.chart import APART, RADIUS, Mark, chart_of, spread
from gateway.tour.labels import FONT, LETTER
from gateway.tour.projection import HEIGHT, WIDTH, Point, projection_of
from tests.unit.tour.stops import stop

places = st.tuples(st.floats(-90, 90), st.floats(-180, 180))
tours = st.lists(places, min_size=1, max_size=20)

Box = tuple[float, float, float, float]


def box_of(mark: Mark) -> Box:
    """Where a label lies: left, top, right, bottom."""
    width, x, y = len(mark.label) * LETTER, float(mark.label_x), float(mark.label_y)
    left = x - {"start": 0.0, "middle": width / 2, "end": width}[mark.anchor]
    return left, y - FONT, left + width, y + FONT * 0.3


def overlap(one: Box, other: Box) -> bool:
    """Whether two boxes do; a tenth of a unit is what rounding may cost."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    return across > 0.2 and min(one[3], other[3]) - max(one[1], other[1]) > 0.2


@given(tours)
def test_labels_never_lie_on_labels_or_marks_and_never_off_the_sheet(
    tour: list[tuple[float, float]],
) -> None:
    chart = chart_of(tuple([stop(f"city-{n}", *place) for n, place in enumerate(tour)]))
    assert chart
    boxes = [box_of(mark) for mark in chart.marks if mark.label]
    boxes += [
        (float(m.x) - RADIUS, float(m.y) - RADIUS, float(m.x) + RADIUS, float(m.y) + RADIUS)
        for m in chart.marks
    ]
    labels = len(boxes) - len(chart.marks)
    for index, label in enumerate(boxes[:labels]):
        assert label[0] >= -0.2
        assert label[2] <= WIDTH + 0.2
        assert not any(overlap(label, other) for other in boxes[index + 1 :])


@given(tours)
def test_every_stop_is_on_the_sheet(tour: list[tuple[float, float]]) -> None:
    projection = projection_of(tour)
    for place in tour:
        point = projection.point(*place)
        assert -0.01 <= point.x <= WIDTH + 0.01
        assert -0.01 <= point.y <= HEIGHT + 0.01


def test_stops_in_one_place_are_pushed_apart() -> None:
    spots = spread([Point(200, 200)] * 5)
    for index, one in enumerate(spots):
        for other in spots[:index]:
            assert math.dist((one.x, one.y), (other.x, other.y)) > APART * 0.9


def test_north_is_up_and_east_is_right() -> None:
    projection = projection_of([(38.7, -9.1), (55.7, 12.6)])
    lisbon, copenhagen = projection.point(38.7, -9.1), projection.point(55.7, 12.6)
    assert copenhagen.x > lisbon.x
    assert copenhagen.y < lisbon.y


def test_a_way_over_the_pacific_is_not_led_around_the_world() -> None:
    projection = projection_of([(35.7, 139.7), (21.3, -157.9), (37.8, -122.4)])
    tokyo, honolulu, francisco = (
        projection.point(*place) for place in [(35.7, 139.7), (21.3, -157.9), (37.8, -122.4)]
    )
    assert tokyo.x < honolulu.x < francisco.x


def test_a_long_name_is_shortened_on_the_map() -> None:
    chart = chart_of((stop("long", city="Llanfairpwllgwyngyllgogerychwyrndrobwll"),))
    assert chart
    assert chart.marks[0].label == "Llanfairpwllgwyng…"


def test_no_tour_is_no_drawing_and_one_stop_no_way() -> None:
    assert chart_of(()) is None
    chart = chart_of((stop("only"),))
    assert chart
    assert chart.way == ""
    assert (chart.marks[0].x, chart.marks[0].y) == ("240.0", "200.0")


@given(tours)
def test_all_numbers_are_numbers(tour: list[tuple[float, float]]) -> None:
    chart = chart_of(tuple([stop(f"s{n}", *place) for n, place in enumerate(tour)]))
    assert chart
    assert re.fullmatch(r"[MQ0-9. -]*", chart.way)
    for line in chart.grid:
        for number in (line.x1, line.y1, line.x2, line.y2):
            assert math.isfinite(float(number))
