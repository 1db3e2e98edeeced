"""A model card's Markdown as blocks of the report."""

from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from pipelines.report_training.blocks import Block, Bullets, Heading, Table, Text


def blocks_of(text: str) -> tuple[Block, ...]:
    """Turn Markdown into blocks: headings, paragraphs, lists and tables; anything else stays as its text."""
    tree = SyntaxTreeNode(MarkdownIt("commonmark").enable("table").parse(text))
    return tuple(block for node in tree.children for block in _block(node))


def _block(node: SyntaxTreeNode) -> Iterator[Block]:
    if node.type == "heading":
        yield Heading(_plain(node))
    elif node.type in ("bullet_list", "ordered_list"):
        yield Bullets(tuple(_plain(item) for item in node.children))
    elif node.type == "table":
        yield _table(node)
    elif node.type != "hr":
        yield Text(_plain(node))


def _table(node: SyntaxTreeNode) -> Table:
    rows = [tuple(_plain(cell) for cell in row.children) for part in node.children for row in part.children]
    longest = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return Table(rows[0], tuple(rows[1:]), "", widths=tuple(_width(n) for n in longest), numeric=False)


def _width(characters: int) -> float:
    return float(min(max(characters, 6), 30))


def _plain(node: SyntaxTreeNode) -> str:
    """Give a node's text without its marks."""
    if node.type in ("text", "code_inline", "fence", "code_block", "html_block", "html_inline"):
        return node.content.strip("\n") if node.type != "text" else node.content
    if node.type in ("softbreak", "hardbreak"):
        return " "
    return "".join(_plain(child) for child in node.children)
