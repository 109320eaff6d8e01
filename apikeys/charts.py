"""Pictures of numbers, as the geometry that templates/components/charts/ draws as SVG.

They are read without colour: lines differ in dashes, bars in patterns, squares in size. A
screen reader gets a title and a description; the numbers stand in a table beside each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10, sqrt

MOST_LABELS = 6
SQUARE = 26


@dataclass(frozen=True)
class Frame:
    """The room for a line: all of it, and what is left free around what is drawn."""

    width: int
    height: int
    above: int  # for the highest label
    below: int  # for those of the moments
    aside: int

    def y(self, number: float, top: int) -> float:
        room = self.height - self.above - self.below
        return round(self.height - self.below - room * number / top, 2)


FRAME = Frame(640, 260, 26, 34, 6)
SMALL = Frame(120, 28, 2, 2, 0)
WIDTH = FRAME.width


@dataclass(frozen=True)
class Label:
    at: float
    text: str
    anchor: str = "middle"
    is_minor: bool = False  # left out where there is little room


@dataclass(frozen=True)
class Scaled:
    """What is drawn over a scale, of which the numbers stand to the left of it."""

    grid: list[tuple[float, int]]
    labels: list[Label]

    @property
    def box(self) -> str:
        """The viewBox: with room for the longest number in the largest letters."""
        aside = 12 + 12 * max(len(f"{number:,}") for _y, number in self.grid)
        return f"{-aside} 0 {FRAME.width + aside} {FRAME.height}"


@dataclass(frozen=True)
class Line(Scaled):
    """One or two series of numbers over the same moments; the second is the one before."""

    points: list[tuple[float, float]]
    before: list[tuple[float, float]]

    @property
    def path(self) -> str:
        return _path(self.points)

    @property
    def before_path(self) -> str:
        return _path(self.before)

    @property
    def dots(self) -> list[tuple[float, float]]:
        return self.points if len(self.points) <= 31 else []


@dataclass(frozen=True)
class Part:
    x: float
    y: float
    width: float
    height: float
    kind: int  # which pattern


@dataclass(frozen=True)
class Stack(Scaled):
    """Bars, each of parts on top of each other."""

    parts: list[Part]


@dataclass(frozen=True)
class Square:
    x: float
    y: float
    size: float
    strength: int  # 1 to 5, for a colour beside the size


@dataclass(frozen=True)
class Heat:
    """A square for each hour of each weekday, of which the area tells how much."""

    squares: list[Square]
    rows: list[Label]
    columns: list[Label]


def line(now: Sequence[int], before: Sequence[int], names: Sequence[str]) -> Line:
    """`names` are those of all moments, of which the last ones may have no numbers yet.

    What of `before` lies beyond them is left out.
    """
    count = len(names)
    top = _top(max([*now, *before], default=0))
    return Line(
        grid=_grid(top),
        labels=_labels(names),
        points=_points(now, count, top),
        before=_points(before[:count], count, top),
    )


def small_line(numbers: Sequence[int]) -> str:
    """The path of a line that is as high as its highest number, to stand beside words."""
    return _path(_points(numbers, len(numbers), max(*numbers, 1), SMALL))


def stack(bars: Sequence[Sequence[int]], names: Sequence[str]) -> Stack:
    """Each bar is its parts from the bottom up, in the order of their patterns."""
    top = _top(max((sum(bar) for bar in bars), default=0))
    room = WIDTH / max(1, len(bars))
    parts = []
    for place, bar in enumerate(bars):
        below = 0
        for kind, number in enumerate(bar):
            if number:
                y, foot = FRAME.y(below + number, top), FRAME.y(below, top)
                parts.append(
                    Part(round(place * room + room * 0.15, 2), y, round(room * 0.7, 2),
                         round(foot - y, 2), kind)
                )  # fmt: skip
                below += number
    return Stack(_grid(top), _labels(names, halfway=True), parts)


def heat(rows: Sequence[Sequence[float]], names: Sequence[str]) -> Heat:
    most = max((number for row in rows for number in row), default=0)
    squares = []
    for y, row in enumerate(rows):
        for x, number in enumerate(row):
            if number:
                share = number / most
                size = max(3.0, (SQUARE - 4) * sqrt(share))
                squares.append(
                    Square(_middle(x, size), _middle(y, size), round(size, 1),
                           min(5, 1 + int(share * 5)))
                )  # fmt: skip
    return Heat(
        squares,
        [Label(SQUARE * (y + 0.68), name, "end") for y, name in enumerate(names)],
        [
            Label(SQUARE * (x + 0.5), f"{x}", is_minor=x % 6 != 0)
            for x in range(0, 24, 3)
        ],
    )


def _top(most: int) -> int:
    """The top of the scale: the next 1, 2 or 5 of its power of ten, in four whole steps."""
    if most <= 4:
        return 4
    power = 10 ** floor(log10(most))
    return next(
        top
        for factor in (1, 2, 4, 6, 8, 10, 20)
        if (top := factor * power) >= most and top % 4 == 0
    )


def _grid(top: int) -> list[tuple[float, int]]:
    return [(FRAME.y(number, top), number) for number in range(0, top + 1, top // 4)]


def _points(numbers, places, top, frame=FRAME):
    if places == 1:
        return [(frame.width / 2, frame.y(number, top)) for number in numbers]
    step = (frame.width - 2 * frame.aside) / (places - 1)
    return [
        (round(frame.aside + n * step, 2), frame.y(number, top))
        for n, number in enumerate(numbers)
    ]


def _path(points) -> str:
    return " ".join(
        f"{'L' if n else 'M'}{x:g} {y:g}" for n, (x, y) in enumerate(points)
    )


def _labels(names: Sequence[str], *, halfway: bool = False) -> list[Label]:
    """As many as there is room for, evenly; every second one may go on a small screen."""
    count = len(names)
    every = -(-count // MOST_LABELS) or 1
    labels = []
    for number, place in enumerate(range(0, count, every)):
        at = (
            WIDTH * (place + 0.5) / count
            if halfway or count == 1
            else FRAME.aside + (WIDTH - 2 * FRAME.aside) * place / (count - 1)
        )
        anchor = "middle"
        if at < 30:
            anchor = "start"
        elif at > WIDTH - 30:
            anchor = "end"
        labels.append(Label(round(at, 2), names[place], anchor, number % 2 == 1))
    return labels


def _middle(place: int, size: float) -> float:
    return round(SQUARE * (place + 0.5) - size / 2, 1)
