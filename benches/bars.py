"""A chart of horizontal bars as SVG, readable on light and dark ground."""
from html import escape

from chart import OTHERS, OURS, STYLE

WIDTH, LEFT, RIGHT, TOP, BAR, GAP = 760, 190, 70, 70, 13, 12


def write_bars(path, title, groups):
    """Writes groups of bars, `{group: {name: value}}`. The first name of a group is this program."""
    names = list(dict.fromkeys(name for bars in groups.values() for name in bars))
    colours = dict(zip(names, [OURS[0], *OTHERS]))
    largest = max((value for bars in groups.values() for value in bars.values()), default=1) or 1
    parts, y = [], TOP
    for group, bars in groups.items():
        parts.append(f'<text x="{LEFT - 10}" y="{y + len(bars) * BAR / 2 + 4:.0f}" text-anchor="end">{escape(group)}</text>')
        for name, value in bars.items():
            width = value / largest * (WIDTH - LEFT - RIGHT)
            weight = "bold" if name == names[0] else "normal"
            parts.append(f'<rect x="{LEFT}" y="{y}" width="{max(width, 1):.1f}" height="{BAR - 2}" fill="{colours[name]}"/>'
                         f'<text x="{LEFT + width + 6:.1f}" y="{y + 10}" style="font-size:11px;font-weight:{weight}">{value:.3g}</text>')
            y += BAR
        y += GAP
    keys, x = [], LEFT
    for name in names:
        keys.append(f'<rect x="{x}" y="40" width="12" height="12" fill="{colours[name]}"/><text x="{x + 18}" y="51">{escape(name)}</text>')
        x += 40 + 8 * len(name)
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join([
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" role="img">',
            f"<title>{escape(title)}</title><style>{STYLE}</style>", f'<rect class="back" width="{WIDTH}" height="{y}"/>',
            f'<text class="title" x="{LEFT}" y="24">{escape(title)}</text>', *keys, *parts, "</svg>"]) + "\n")
