"""Pictures of many runs, tags and steps as one: a contact sheet, or an animation over steps."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

from tbtools.errors import InvalidArgument, MissingExtra, UndecodablePayload
from tbtools.render.chosen import chosen_values
from tbtools.render.files import is_stream, replaced_whole, require_free
from tbtools.render.format import format_count, printable
from tbtools.runs.diagnostics import require_readable
from tbtools.runs.inputs import require_points
from tbtools.runs.plugins.images import images
from tbtools.runs.plugins.values import Undecodable, decoded, readable
from tbtools.runs.reading import read_each
from tbtools.runs.selection import Selector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import IO

    from PIL.Image import Image as PillowImage

    from tbtools.runs.run import Run
    from tbtools.runs.selection import Selection

_Each = TypeVar("_Each")

_ENDINGS = {".png": "PNG", ".gif": "GIF"}
# Pixels of the longer side of a picture: greater ones are reduced, smaller ones grow by whole
# factors, so that the pixels of digits stay squares.
_SIDE = 160
_GAP, _LINE = 8, 14
# What can still be looked at; of more, some at even distances.
_MOST_COLUMNS, _MOST_ROWS, _MOST_FRAMES = 12, 40, 120
_FRAME_MS, _LAST_FRAME_MS = 400, 2000
_PAPER, _INK = "white", "black"


class Sheet(NamedTuple):
    """What was drawn.

    Attributes:
        pictures: How many pictures.
        left_out: How many more there are, which no sheet has room for.
        runs: Of how many runs they are.
        problems: What cannot be decoded, with the run's name.
    """

    pictures: int
    left_out: int
    runs: int
    problems: list[tuple[str, Undecodable]]


class _Row(NamedTuple):
    """The pictures of one tag of a run that have one place in their values, by step."""

    run: str
    label: str
    pictures: dict[int, PillowImage]


def sheet_format(path: str | os.PathLike[str]) -> str | None:
    """What Pillow calls the format that a path's ending means; None for no picture."""
    return _ENDINGS.get(PurePath(os.fspath(path)).suffix.lower())


def export_sheet(
    runs: Mapping[str, Run],
    path: str | os.PathLike[str],
    *,
    selection: Selection,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Sheet:
    """Draws pictures side by side: a row a series and a column a step, or a frame a step in a GIF.

    In a frame each series shows its last picture up to that step. Of more steps and series than
    there is room for, some at even distances are drawn, the first and the last among them. Memory
    holds every picture that is selected, reduced.

    Args:
        runs: The runs, read one by one.
        path: ``.png`` for a contact sheet, ``.gif`` for an animation.
        selection: Which tags and steps.
        force: Whether a file that is there may be replaced.
        progress: As for `Experiment.scan`.

    Raises:
        MissingExtra: Pillow is not installed.
        InvalidArgument: No run has pictures, none of these steps does, or none can be decoded.
        UnknownTag: A glob matches no tag of pictures.
        NoEventFiles: Not one event could be read.
        OutputExists: There is a file, and `force` does not allow to replace it.
        FileError: It cannot be written; then nothing is left behind.
    """
    _require_pillow()
    if not is_stream(path):
        require_free(path, force=force)
    selector = Selector(replace(selection, plugins=("images",)), scalars=False)
    problems: list[tuple[str, Undecodable]] = []
    found: list[_Row] = []
    for name, run in read_each(runs, progress):
        undecodable: list[Undecodable] = []
        found += _rows(name, run, selector, selection, undecodable)
        problems += [(name, each) for each in undecodable]
    require_readable(runs)
    require_points(runs.values(), selector)
    if not found:
        raise InvalidArgument(f"none of the pictures can be decoded: {problems[0][1]}")
    rows = _spread(found, _MOST_ROWS)
    animated = sheet_format(path) == "GIF"
    every = sorted({step for row in rows for step in row.pictures})
    steps = _spread(every, _MOST_FRAMES if animated else _MOST_COLUMNS)
    frames = _frames(rows, steps) if animated else [_grid(rows, steps)]
    with replaced_whole(path, force=force, binary=True) as opened:
        file = cast("IO[bytes]", opened)
        if animated:
            _save_animation(frames, file)
        else:
            frames[0].save(file, "PNG")
    drawn = sum(step in steps for row in rows for step in row.pictures)
    total = sum(len(row.pictures) for row in found)
    return Sheet(drawn, total - drawn, len({row.run for row in rows}), problems)


def _require_pillow() -> None:
    try:
        import PIL.Image  # noqa: F401
    except ImportError as error:
        raise MissingExtra("pictures as one", "image") from error


def _rows(
    name: str, run: Run, selector: Selector, selection: Selection, problems: list[Undecodable]
) -> Iterator[_Row]:
    values = readable(chosen_values(run, "images", selector, selection), problems)
    rows: dict[tuple[str, int], _Row] = {}
    for value, pictures in decoded(values, images, problems):
        for index, picture in enumerate(pictures):
            try:
                small = _fitted(picture.to_pil())
            except UndecodablePayload as error:
                text = f"{value.tag!r} at step {value.step}: {error}"
                problems.append(Undecodable(text, value.tag, value.step))
                continue
            again = f" [{index}]" if len(pictures) > 1 else ""
            label = printable(f"{name}: {value.tag}{again}")
            row = rows.setdefault((value.tag, index), _Row(name, label, {}))
            row.pictures[value.step] = small  # of several at a step the last one written
    yield from rows.values()


def _fitted(picture: PillowImage) -> PillowImage:
    """A picture of which the longer side is about `_SIDE` pixels, on white."""
    import PIL.Image

    # Of 16 bits a grey is what its upper 8 bits say; Pillow would cut it off.
    if picture.mode.startswith("I"):
        picture = picture.point(lambda value: value / 256).convert("L")
    picture = picture.convert("RGBA")
    longer = max(picture.size)
    if longer < _SIDE:
        factor = _SIDE // longer
        size = picture.width * factor, picture.height * factor
        picture = picture.resize(size, PIL.Image.Resampling.NEAREST)
    picture.thumbnail((_SIDE, _SIDE))
    paper = PIL.Image.new("RGBA", picture.size, _PAPER)
    return PIL.Image.alpha_composite(paper, picture).convert("RGB")


def _spread(several: Sequence[_Each], most: int) -> list[_Each]:
    """At most so many of them at even distances, with both ends."""
    if len(several) <= most:
        return list(several)
    return [several[round(number * (len(several) - 1) / (most - 1))] for number in range(most)]


def _grid(rows: Sequence[_Row], steps: Sequence[int]) -> PillowImage:
    cells = [[row.pictures.get(step) for step in steps] for row in rows]
    return _drawn(rows, cells, [format_count(step) for step in steps])


def _frames(rows: Sequence[_Row], steps: Sequence[int]) -> list[PillowImage]:
    """A frame a step: below each other what each row shows then."""
    frames = []
    shown: list[PillowImage | None] = [None] * len(rows)
    for step in steps:
        for number, row in enumerate(rows):
            until = [each for each in row.pictures if each <= step]
            shown[number] = row.pictures[max(until)] if until else None
        frames.append((step, list(shown)))
    return [
        _drawn(rows, [[cell] for cell in cells], [f"step {format_count(step)}"])
        for step, cells in frames
    ]


def _drawn(
    rows: Sequence[_Row], cells: Sequence[Sequence[PillowImage | None]], heads: Sequence[str]
) -> PillowImage:
    """Cells with a head above each column and a label above each row."""
    import PIL.Image
    import PIL.ImageDraw
    import PIL.ImageFont

    font = PIL.ImageFont.load_default()
    heights = [max(each.height for each in row.pictures.values()) for row in rows]
    widest = max(each.width for row in rows for each in row.pictures.values())
    column = max(widest, *(int(font.getlength(head)) for head in heads)) + _GAP
    labels = max(int(font.getlength(_latin(row.label))) for row in rows)
    width = _GAP + max(column * len(heads), labels + _GAP)
    height = _LINE + _GAP + sum(_LINE + each + _GAP for each in heights)
    sheet = PIL.Image.new("RGB", (width, height), _PAPER)
    draw = PIL.ImageDraw.Draw(sheet)
    for number, head in enumerate(heads):
        draw.text((_GAP + number * column, 2), head, _INK, font)
    top = _LINE + _GAP
    for row, own, tall in zip(rows, cells, heights, strict=True):
        draw.text((_GAP, top), _latin(row.label), _INK, font)
        for number, cell in enumerate(own):
            if cell is not None:
                sheet.paste(cell, (_GAP + number * column, top + _LINE))
        top += _LINE + tall + _GAP
    return sheet


def _latin(label: str) -> str:
    """What the one font that comes with Pillow has letters for."""
    return label.encode("latin-1", "backslashreplace").decode("latin-1")


def _save_animation(frames: Sequence[PillowImage], file: IO[bytes]) -> None:
    first, *others = frames
    times = [_FRAME_MS] * len(others) + [_LAST_FRAME_MS]
    first.save(file, "GIF", save_all=True, append_images=others, duration=times, loop=0)
