"""The page on what is tested, whose tables are written by the tests."""
from crates import ROOT

PAGE = ROOT / "docs" / "trust.md"


def with_table(page, name, table):
    """Returns a page with another table between its two marks."""
    start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, _, rest = page.partition(start)
    return before + start + table.rstrip() + "\n" + end + rest.partition(end)[2]
