"""A picture as SVG, with the standard library alone."""

from __future__ import annotations

from html import escape

from .shapes import INK, Curve, Ellipse, Picture, Shape, Text, arrow_head, parts_of, text_width

# Matplotlib brings the first, so PNG and PDF have it; the others are as wide and stand on every Windows and macOS.
FONTS = "DejaVu Sans, Verdana, Geneva, sans-serif"
SIZE = 10.5


def svg_text(picture: Picture) -> str:
    """Return a picture as SVG text that needs no style sheet and no font of its own."""
    width, height = picture.width, picture.height
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} '
        f'{height:.0f}" role="img" font-family="{FONTS}" font-size="{SIZE}" fill="{INK}">',
        f"<title>{escape(picture.title)}</title>",
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="white"/>',
    ]
    for group in picture.groups:
        place = f' transform="translate({_n(group.x)},{_n(group.y)})"' if group.x or group.y else ""
        name = f' id="{escape(group.id)}"' if group.id else ""
        lines.append(f'<g{name} class="{escape(group.kind)}"{place}>')
        if group.title:
            lines.append(f"<title>{escape(group.title)}</title>")
        lines += [_svg_shape(shape) for shape in group.shapes]
        lines.append("</g>")
    return "\n".join([*lines, "</svg>", ""])


def _n(x: float) -> str:
    return f"{x:.1f}".removesuffix(".0")


def _svg_shape(shape: Shape) -> str:
    if isinstance(shape, Text):
        # The look of most texts stands at the head of the file.
        look = f' font-size="{_n(shape.size)}"' * (shape.size != SIZE) + f' fill="{shape.color}"' * (shape.color != INK)
        look += ' font-weight="bold"' * shape.bold + f' class="{shape.kind}"' * bool(shape.kind)
        if shape.anchor != "start":
            look += f' text-anchor="{shape.anchor}"'
        (base, _, _), *small = parts_of(shape)
        text, height, width = escape(base), 0.0, 0.0
        for part, size, rise in small:
            # Firefox knows no baseline-shift; a step down or up moves all that follows.
            back = f' dx="{_n(-width)}"' if width else ""
            text += f'<tspan font-size="{_n(size)}" dy="{_n(height - rise)}"{back}>{escape(part)}</tspan>'
            height, width = rise, text_width(part, size, shape.bold)
        return f'<text x="{_n(shape.x)}" y="{_n(shape.y)}"{look}>{text}</text>'
    if isinstance(shape, Curve):
        (x, y), *rest = shape.points
        d = f"M{_n(x)},{_n(y)}" + ("L" if len(rest) == 1 else "C") + " ".join(f"{_n(x)},{_n(y)}" for x, y in rest)
        dashes = f' stroke-dasharray="{" ".join(map(_n, shape.dashes))}"' if shape.dashes else ""
        line = f'<path d="{d}" fill="none" stroke="{shape.color}" stroke-width="{_n(shape.width)}"{dashes}/>'
        head = "L".join(f"{_n(x)},{_n(y)}" for x, y in arrow_head(shape))
        return line + (f'<path d="M{head}Z" fill="{shape.color}"/>' if head else "")
    look = f'fill="{shape.fill}" stroke="{shape.stroke}"'
    if shape.stroke_width != 1:
        look += f' stroke-width="{_n(shape.stroke_width)}"'
    if isinstance(shape, Ellipse):
        return f'<ellipse cx="{_n(shape.x)}" cy="{_n(shape.y)}" rx="{_n(shape.rx)}" ry="{_n(shape.ry)}" {look}/>'
    if shape.radius:
        look += f' rx="{_n(shape.radius)}"'
    if shape.dashed:
        look += ' stroke-dasharray="4 3"'
    x, y = shape.x - shape.width / 2, shape.y - shape.height / 2
    return f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(shape.width)}" height="{_n(shape.height)}" {look}/>'
