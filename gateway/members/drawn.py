"""A portrait for who has no picture: drawn from the hash of the address, always the same."""

from hashlib import blake2b

from django.utils.safestring import SafeString, mark_safe

_SHIRTS = ("#1f2a5a", "#b3232b", "#0f5c4c", "#3b1f4a", "#12616f", "#7a1f1a", "#24556b", "#8a4b0f")
_PAPERS = ("#ffd23f", "#f6c9c9", "#bfe3d0", "#a9d3f2", "#f4ead2", "#f7c59f", "#d9d2f0", "#ffe3b0")
_SKINS = ("#f3d3b8", "#e2b48c", "#c98d62", "#9c6440", "#6f4429")
_BELLS = "#e4572e"


def portrait(seed: str) -> SafeString:
    """Return an SVG document: a reader in a jester's cap, in colours that ``seed`` chooses."""
    dice = blake2b(seed.encode(), digest_size=8).digest()
    paper = _PAPERS[dice[0] % len(_PAPERS)]
    shirt = _SHIRTS[dice[1] % len(_SHIRTS)]
    cap = _SHIRTS[(dice[1] + 1 + dice[2] % (len(_SHIRTS) - 1)) % len(_SHIRTS)]
    skin = _SKINS[dice[3] % len(_SKINS)]
    # Safe: all of it is made of our own words and numbers.
    return mark_safe(  # noqa: S308
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 160" width="160" height="160" '
        'aria-hidden="true" focusable="false">'
        f'<path fill="{paper}" d="M0 0h160v160H0z"/>'
        f'<path fill="{shirt}" d="M18 160c4-36 28-50 62-50s58 14 62 50z"/>'
        f'<path fill="{skin}" d="M66 92h28v28c-8 8-20 8-28 0z"/>'
        f'<circle fill="{skin}" cx="80" cy="76" r="30"/>'
        f"{_face(dice[4])}{_cap(cap, dice[5])}</svg>"
    )


def _face(die: int) -> str:
    mouth = ("M68 88q12 10 24 0", "M70 89q10 6 20 0", "M69 90h22")[die % 3]
    eyes = '<circle cx="69" cy="76" r="3.2"/><circle cx="91" cy="76" r="3.2"/>'
    glasses = (
        '<g fill="none" stroke="#1a2140" stroke-width="2.5"><circle cx="69" cy="76" r="9"/>'
        '<circle cx="91" cy="76" r="9"/><path d="M78 75q2-2 4 0"/></g>'
    )
    line = (
        f'<path fill="none" stroke="#1a2140" stroke-width="3" stroke-linecap="round" d="{mouth}"/>'
    )
    return f'<g fill="#1a2140">{eyes}</g>{line}{glasses if die & 4 else ""}'


def _cap(ink: str, die: int) -> str:
    """The cap with its three bells; it may be turned round."""
    turned = ' transform="matrix(-1 0 0 1 160 0)"' if die & 1 else ""
    return (
        f'<g{turned}><path fill="{ink}" d="M46 64c0-18-8-26-24-28 20-8 36 0 46 14 0-16 4-28 14-38 '
        f'6 10 10 22 10 38 10-14 24-22 44-12-14 4-20 12-22 26-20-8-48-8-68 0z"/>'
        f'<g fill="{_BELLS}"><circle cx="21" cy="37" r="7"/><circle cx="83" cy="12" r="7"/>'
        f'<circle cx="137" cy="39" r="7"/></g></g>'
    )
