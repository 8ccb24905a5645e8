"""The stand-ins as what they are: a process that speaks HTTP and SMTP."""

import os
import signal
import smtplib
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from tests.plain import NO_TLS
from tests.standins.running import Standins

FORECAST = "/v1/forecast?latitude=52.52&longitude=13.41&current=temperature_2m"
SOMEBODY = "a" * 64


def get(standins: Standins, path: str, **headers: str) -> httpx.Response:
    return httpx.get(
        standins.url + path, headers=headers, timeout=5, trust_env=False, verify=NO_TLS
    )


def send(standins: Standins, recipient: str, subject: str = "Welcome", text: str = "Grüße") -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "shop@example.com", recipient, subject
    message.set_content(text)
    with smtplib.SMTP("127.0.0.1", standins.smtp_port, timeout=5) as smtp:
        smtp.send_message(message)


def test_weather_is_json_and_a_bad_question_a_reason(standins: Standins) -> None:
    assert get(standins, FORECAST).json()["current"]["interval"] == 900
    refused = get(standins, FORECAST.replace("52.52", "north"))
    assert refused.status_code == 400
    assert refused.json()["error"] is True
    assert "latitude" in refused.json()["reason"]


def test_a_picture_is_a_png_or_not_found(standins: Standins) -> None:
    found = get(standins, f"/avatar/{SOMEBODY}?d=404&s=160")
    assert (found.status_code, found.headers["Content-Type"]) == (200, "image/png")
    assert get(standins, f"/avatar/{'0' * 64}?d=404&s=160").status_code == 404


def test_a_mail_arrives_and_is_shown_to_people_and_programs(standins: Standins) -> None:
    send(standins, "ada@example.com", "<b>Welcome</b>")
    for found in (
        get(standins, "/mail.json?to=ada@example.com"),
        get(standins, "/mail?to=ada@example.com", Accept="application/json"),
    ):
        (mail,) = found.json()["mails"]
        assert (mail["to"], mail["subject"]) == (["ada@example.com"], "<b>Welcome</b>")
        assert mail["text"].strip() == "Grüße"
    page = get(standins, "/mail", Accept="text/html,*/*")
    assert "&lt;b&gt;Welcome&lt;/b&gt;" in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    gone = httpx.delete(f"{standins.url}/mail?to=ada@example.com", trust_env=False, verify=NO_TLS)
    assert gone.status_code == 204
    assert get(standins, "/mail.json?to=ada@example.com").json() == {"mails": []}


def test_a_mail_beyond_the_limit_is_refused(standins: Standins) -> None:
    with pytest.raises(smtplib.SMTPResponseException) as refusal:
        send(standins, "big@example.com", text="many words\n" * 100_000)
    assert refusal.value.smtp_code == 552
    assert get(standins, "/mail.json?to=big@example.com").json() == {"mails": []}


def test_it_ends_well_on_sigterm(tmp_path: Path) -> None:
    ours = Standins(["-m", "tests.standins"], {}, tmp_path / "log")
    ours.start()
    ours.signal(signal.SIGTERM)
    assert ours.wait() == 0


def test_a_bad_port_is_named() -> None:
    environ = {"PATH": os.environ["PATH"], "SMTP_PORT": "many"}
    ended = subprocess.run(
        [sys.executable, "-m", "tests.standins"], env=environ, capture_output=True, text=True
    )
    assert ended.returncode == 1
    assert ended.stderr.strip() == "standins: SMTP_PORT must be a number from 0 to 65535."
