"""Tags for pages that may come bit by bit. On a page that comes whole they add nothing."""

from dataclasses import dataclass

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.template.context import Context
from django.utils.safestring import SafeString

from gateway.web.patches import placeholder

register = template.Library()


@dataclass(frozen=True, slots=True)
class Pieces:
    """What is rendered of a page: ``pending`` parts as placeholders; the ``frame`` has no parts.

    ``cut`` marks where late parts come, ``ending`` stands at the very end of the page.
    """

    pending: frozenset[str] = frozenset()
    frame: bool = False
    cut: str = ""
    ending: str = ""


_WHOLE = Pieces()


class _PartNode(template.Node):
    """A part that may come late."""

    def __init__(self, name: FilterExpression, nodelist: NodeList) -> None:
        self.name = name
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        pieces = _pieces(context)
        if pieces.frame:
            return SafeString("")
        html = self.nodelist.render(context)
        if not pieces.pending or (name := self.name.resolve(context)) not in pieces.pending:
            return html
        return SafeString(placeholder(name, html))


@register.tag
def part(parser: Parser, token: Token) -> _PartNode:
    """``{% part name %}…{% endpart %}``: what may be replaced, when it comes late."""
    _, name = token.split_contents()
    nodelist = parser.parse(("endpart",))
    parser.delete_first_token()
    return _PartNode(parser.compile_filter(name), nodelist)


@register.simple_tag(takes_context=True)
def cut(context: Context) -> SafeString:
    """Where late parts come: behind all that is shown at once, before the foot of the page."""
    return SafeString(_pieces(context).cut)


@register.simple_tag(takes_context=True)
def page_status(context: Context) -> SafeString:
    """What became of the page's fragments, at its very end."""
    return SafeString(_pieces(context).ending)


def _pieces(context: Context) -> Pieces:
    found: Pieces | None = context.get("pieces")
    return _WHOLE if found is None else found
