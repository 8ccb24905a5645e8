"""Saying no: a status, and one sentence for a person."""


class Refusal(Exception):
    """A request that is not done. ``headers`` go with the answer."""

    def __init__(self, status: int, sentence: str, **headers: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def gone() -> Refusal:
    """The upload is not there: never was, finished with, or expired."""
    return Refusal(404, "There is no such upload, or there is none any more.")
