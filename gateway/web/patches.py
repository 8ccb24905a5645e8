"""How a part that comes late is written, and how it gets to its place in the document.

Where the part belongs, a placeholder stands between two marks. The part itself comes further down:

- as ``<template for>``, to a browser that puts it between the marks while it reads (WHATWG HTML);
- as a section with a script behind it, to all others. Without script the section is read where it
  stands, between the page and its foot.

A value cannot get out of either: it is escaped as on every page, so that it has no ``<``.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.web.protection import CONTENT_SECURITY_POLICY

_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}\Z")
_OWN_SCRIPTS = "script-src 'self'"

# The marks are processing instructions; to a browser that does not know these in HTML they are
# comments, whose text begins with the question mark. Letters alone make both alike.
SCRIPT = """{
const script = document.currentScript;
const word = text => text.replace(/\\W/g, "");
for (const late of document.querySelectorAll("template[for],.late")) {
  const name = late.getAttribute("for") || late.id.slice("late-".length);
  const nodes = document.createTreeWalker(document.body, 128 | 64);
  const marks = {};
  while (nodes.nextNode()) {
    const node = nodes.currentNode;
    marks[word((node.nodeType === 7 ? node.target : "") + node.data)] = node;
  }
  const start = marks[word(`startname${name}`)], end = marks[word(`endname${name}`)];
  if (start && end) {
    const place = document.createRange();
    place.setStartBefore(start);
    place.setEndAfter(end);
    place.deleteContents();
    const part = document.createDocumentFragment();
    part.append(...(late.content || late).childNodes);
    place.insertNode(part);
    late.remove();
  }
}
script.remove();
}"""

_HASH = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
_TAG = f"<script>{SCRIPT}</script>"


def policy() -> str:
    """Return the Content-Security-Policy of a page that comes bit by bit: it knows the script."""
    return CONTENT_SECURITY_POLICY.replace(_OWN_SCRIPTS, f"{_OWN_SCRIPTS} 'sha256-{_HASH}'")


def placeholder(name: str, html: str) -> str:
    """Return what stands in the place of the part ``name`` until that is here."""
    if not _NAME.match(name):
        raise ValueError(f"A part of a page cannot be called {name!r}.")
    return f'<?start name="{name}">{html}<?end name="{name}">'


@dataclass(frozen=True, slots=True)
class Patches:
    """How late parts are written for one visitor. ``native`` is whether the browser places them."""

    native: bool

    def bit(self, parts: Mapping[str, str]) -> str:
        """Return ``parts``, HTML by name, which are there now, as they are sent."""
        write = _template if self.native else _section
        written = "".join(write(name, html) for name, html in parts.items())
        return written + _TAG if written and not self.native else written

    def ending(self) -> str:
        """Return what comes last: where the browser has left anything undone, the script does it.

        A browser may say that it is one that can, and be told not to.
        """
        return _TAG if self.native else ""


def _template(name: str, html: str) -> str:
    return f'<template for="{name}">{html}</template>'


def _section(name: str, html: str) -> str:
    label = f"Came later: {name.replace('-', ' ')}"
    return f'<section class="late wrap" id="late-{name}" aria-label="{label}">{html}</section>'
