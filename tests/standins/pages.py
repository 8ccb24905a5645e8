"""The mailbox as a page for people."""

from base64 import b64encode
from hashlib import sha256
from html import escape

from tests.standins.mailbox import Mail

_STYLE = """
:root { color-scheme: light dark; }
body { max-width: 50rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }
article { margin-top: 2rem; padding-top: 1rem; border-top: 2px solid; overflow-wrap: anywhere; }
h1, h2 { line-height: 1.2; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; }
dd { margin: 0; }
pre { white-space: pre-wrap; font: inherit; padding: 1rem; border: 1px solid; }
"""
# Mails are a stranger's text: even if some of it got past the escaping, it could do nothing.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


def mailbox_page(mails: list[Mail], recipient: str) -> str:
    """The page that lists ``mails``, newest first; ``recipient`` is what they were chosen by."""
    shown = "".join(_article(mail) for mail in mails)
    if not shown:
        shown = "<p>There is no mail here yet.</p>"
    return (
        '<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>Mailbox</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main><h1>Mailbox</h1>"
        "<p>What the shop sends ends here and is not sent on.</p>"
        '<form><label>For the address <input name="to" type="search" '
        f'value="{escape(recipient)}"></label> <button>Look</button></form>{shown}'
        "</main></body></html>"
    )


def _article(mail: Mail) -> str:
    facts = {"From": mail.sender, "To": ", ".join(mail.recipients), "Received": mail.received}
    listed = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    body = mail.text or mail.html
    subject = mail.subject or "(without a subject)"
    return (
        f"<article><h2>{escape(subject)}</h2><dl>{listed}</dl><pre>{escape(body)}</pre></article>"
    )
