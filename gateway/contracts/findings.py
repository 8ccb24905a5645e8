"""What is wrong with a reply, or worth a remark."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """``where`` names the field or the header, ``said`` what is wrong with it.

    A ``remark`` breaks nothing: the page stands, and somebody may like to know.
    """

    where: str
    said: str
    part: str = ""
    remark: bool = False

    def __str__(self) -> str:
        return f"{self.where}: {self.said}"


def broken(findings: tuple[Finding, ...]) -> bool:
    """Whether any of them is more than a remark."""
    return any(not finding.remark for finding in findings)
