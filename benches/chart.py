"""A line chart as SVG, readable on light and dark ground."""
from collections import namedtuple
from html import escape

Curve = namedtuple("Curve", "name points is_ours")
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 420, 60, 190, 44, 50
OURS = ("#0b6bcb", "#2a9d5c", "#7a4fd0", "#b8561b")
OTHERS = ("#8a8a8a", "#b0893b", "#a86a8f", "#5f8f95", "#9a5b5b")
STYLE = ("text{font:13px sans-serif;fill:#333}.title{font-weight:bold;font-size:15px}.grid{stroke:#8884}"
         ".back{fill:#fff}@media(prefers-color-scheme:dark){text{fill:#ddd}.back{fill:#16181c}}")


def ticks(low, high, step):
    """Multiples of a step within a range."""
    first = -(-low // step)
    return [step * (first + number) for number in range(int((high - first * step) / step + 1e-9) + 1)]


def write_chart(path, title, axis, curves):
    """Writes the curves, whose points are `(x, y)`, with their names beside their ends."""
    xs = [x for curve in curves for x, _ in curve.points]
    ys = [y for curve in curves for _, y in curve.points]
    if not xs:
        return
    left, right, low, high = min(xs), max(xs), min(ys) - 0.03, max(ys) + 0.03

    def place(x, y):
        return (LEFT + (x - left) / (right - left) * (WIDTH - LEFT - RIGHT),
                TOP + (high - y) / (high - low) * (HEIGHT - TOP - BOTTOM))
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
             f"<title>{escape(title)}</title><style>{STYLE}</style>",
             f'<rect class="back" width="{WIDTH}" height="{HEIGHT}"/>',
             f'<text class="title" x="{LEFT}" y="24">{escape(title)}</text>',
             f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">{escape(axis)}</text>']
    for y in ticks(low, high, 0.1):
        _, at = place(left, y)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
                     f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{y:.1f}</text>')
    for x in ticks(left, right, 10):
        at, _ = place(x, low)
        parts.append(f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{x:g}</text>')
    colours = {True: iter(OURS * 3), False: iter(OTHERS * 3)}
    labels = []
    for curve in curves:
        colour = next(colours[curve.is_ours])
        path_points = " ".join("{:.1f},{:.1f}".format(*place(x, y)) for x, y in curve.points)
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="{3 if curve.is_ours else 1.6}" points="{path_points}"/>')
        labels.append((*reversed(place(*curve.points[-1])), colour, curve))
    below = TOP
    for y, x, colour, curve in sorted(labels, key=lambda label: label[0]):
        below = max(y, below + 15)
        weight = "bold" if curve.is_ours else "normal"
        parts.append(f'<text x="{WIDTH - RIGHT + 10}" y="{below + 4:.1f}" style="fill:{colour};font-weight:{weight}">'
                     f"{escape(curve.name)}</text>")
        parts.append(f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{WIDTH - RIGHT + 7}" y2="{below:.1f}" stroke="{colour}" stroke-width="0.6"/>')
    parts.append("</svg>")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(parts) + "\n")
