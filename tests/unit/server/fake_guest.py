"""A guest of the doorman that notes what is done with it."""


class FakeGuest:
    """A connection that notes what is done with it."""

    def __init__(self) -> None:
        self.refused_at = float("-inf")
        self.came: float | None = None
        self.is_last = False
        self.answers: list[tuple[bytes, bool]] = []
        self.held = b""
        self.went_on = 0

    def is_there(self) -> bool:
        return True

    def hold(self, data: bytes) -> None:
        self.held = data

    def go_on(self) -> None:
        self.went_on += 1

    def send_away(self, answer: bytes, last: bool) -> None:
        self.answers.append((answer, last))
