"""The report as a web page: one file, figures inside as SVG that follow light and dark, nothing fetched."""

import re
from dataclasses import dataclass
from io import StringIO
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.figure import Figure

from pipelines.report_training import theme
from pipelines.report_training.blocks import Block, Document, Picture

_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A picture, drawn."""

    svg: Markup
    caption: str
    alt: str


def document_html(document: Document) -> str:
    """Fill the template `pipelines/templates/training_report.html`."""
    environment = Environment(
        loader=PackageLoader("pipelines"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    chapters = [
        {"key": one.key, "title": one.title, "blocks": [_named(block) for block in one.blocks]}
        for one in document.chapters
    ]
    shown = {
        "title": document.title,
        "subtitle": document.subtitle,
        "chapters": chapters,
        "foot": document.foot,
    }
    return environment.get_template("training_report.html").render(document=shown)


def _named(block: Block) -> tuple[str, Any]:
    if isinstance(block, Picture):
        with rc_context(dict(theme.RC)):
            return "Picture", _Drawn(svg_of(block.draw(), block.name), block.caption, block.alt)
    return type(block).__name__, block


def svg_of(figure: Figure, name: str) -> Markup:
    """Give a figure as SVG markup whose greys are the page's own colours, ids made unique by `name`."""
    buffer = StringIO()
    figure.savefig(buffer, format="svg", metadata=_METADATA)
    text = buffer.getvalue()
    svg = text[text.index("<svg") :]
    for colour, variable in theme.VARIABLES.items():
        svg = svg.replace(f": {colour}", f": var(--{variable})")
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', svg)
    return Markup(re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", svg))  # our own drawing
