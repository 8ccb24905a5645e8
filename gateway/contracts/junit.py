"""The same report for machines: JUnit's XML, which build servers read."""

from collections.abc import Iterable
from xml.etree import ElementTree as Xml

from gateway.contracts.report import ascii_only, came_words
from gateway.contracts.trial import Result, Trial


def junit(trials: Iterable[Trial]) -> bytes:
    """Return a test suite for each service, a test case for each question."""
    root = Xml.Element("testsuites", name="contract")
    for trial in trials:
        root.append(_suite(trial))
    Xml.indent(root)
    return bytes(Xml.tostring(root, encoding="utf-8", xml_declaration=True))


def _suite(trial: Trial) -> Xml.Element:
    results = trial.results
    suite = Xml.Element(
        "testsuite",
        name=trial.contract.name,
        tests=str(len(results)),
        failures=str(sum(result.broken for result in results) if trial.reachable else 0),
        errors="0" if trial.reachable else "1",
        skipped=str(sum(bool(result.untried) for result in results)),
        time=f"{sum(result.came.seconds for result in results if result.came):.3f}",
    )
    for result in results:
        suite.append(_case(trial, result))
    return suite


def _case(trial: Trial, result: Result) -> Xml.Element:
    seconds = result.came.seconds if result.came else 0.0
    case = Xml.Element(
        "testcase", classname=trial.contract.name, name=result.name, time=f"{seconds:.3f}"
    )
    if result.untried:
        Xml.SubElement(case, "skipped", message=ascii_only(result.untried))
    if result.broken:
        said = [str(finding) for finding in result.findings if not finding.remark]
        kind = "failure" if trial.reachable else "error"
        told = Xml.SubElement(case, kind, message=ascii_only("; ".join(said))[:2000])
        came = came_words(result.came) if result.came else ""
        told.text = "\n".join(
            ascii_only(line)
            for line in (
                f"asked: {result.address}",
                f"expected: {result.expected}",
                f"came: {came}",
                *(f"wrong: {line}" for line in said),
                f"needed by: {result.part}",
            )
        )
    return case
