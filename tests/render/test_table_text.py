"""Numbers as text, many at a time: what Python and NumPy write for each of them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tbtools.render import tables
from tbtools.render.batches import Batch
from tbtools.render.tables import write_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.render.batches import Column, Kind

compiled = pytest.importorskip("tbtools.render._table_text", reason="built without a compiler")
WORDS = (b"NaN", b"inf", b"-inf")


def texts(values: NDArray[Any]) -> list[str]:
    joined: str = compiled.lines([b"", b"\n"], [values], 0, values.size, WORDS)
    return joined.splitlines()


def written_by_numpy(value: np.float32) -> str:
    """Its shortest decimal, laid out as Python lays out a float."""
    return repr(float(str(value)))


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_a_float_is_what_python_writes(values: list[float]) -> None:
    assert texts(np.array(values)) == [repr(value) for value in values]


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_an_integer_is_what_python_writes(values: list[int]) -> None:
    assert texts(np.array(values, np.int64)) == [repr(value) for value in values]


def test_all_kinds_of_bits_are_what_python_and_numpy_write() -> None:
    random = np.random.default_rng(0)
    words = random.integers(0, 2**64, 50_000, np.uint64, endpoint=False)
    doubles = [words.view(np.float64), 2.0 ** np.arange(-1074, 1024), 10.0 ** np.arange(-323, 309)]
    singles = [words.view(np.float32), np.exp2(np.arange(-149, 128)).astype(np.float32)]
    for values in (np.concatenate(doubles), np.concatenate(singles)):
        finite = values[np.isfinite(values)]
        near = np.nextafter(finite, finite.dtype.type(0))
        write = written_by_numpy if finite.dtype == np.float32 else repr
        for each in (finite, near, -finite):
            items = each if finite.dtype == np.float32 else each.tolist()
            assert texts(each) == [write(item) for item in items]


TEXTS = ["", "a", 'with "quotes", and a comma', "\ud800 ü", "a\nb", "=1+1"]
SCHEMA: dict[str, Kind] = {
    "run": "text",
    "step": "integer",
    "tag": "text",
    "value": "number",
    "more, or less": "number",
}


def batch(random: np.random.Generator) -> Batch:
    rows = int(random.integers(0, 6))
    numbers = random.choice([0.1, -0.0, 1e16, 1e-5, 5e-324, np.nan, np.inf, -np.inf], rows)
    if random.random() < 0.5:
        numbers = np.nan_to_num(numbers, nan=1.5, posinf=2.5, neginf=-2.5)
    masked = np.ma.MaskedArray(numbers, random.random(rows) < 0.5)
    dtype = random.choice(["float64", "float32", "float16", "bfloat16"])
    steps: Column = random.integers(-(2**63), 2**63, rows)
    if random.random() < 0.2:
        steps = [int(step) for step in steps]
    with np.errstate(over="ignore"):
        stored = numbers.astype(dtype if dtype in ("float32", "float16") else np.float64)
    columns: dict[str, Column] = {
        "run": str(random.choice(TEXTS)),
        "step": steps,
        "tag": str(random.choice(TEXTS)),
        "value": stored.astype(np.float64),
        "more, or less": masked if random.random() < 0.3 else numbers,
    }
    return Batch(rows, columns, {"value": str(dtype)})


@pytest.mark.parametrize("safe", [False, True])
@pytest.mark.parametrize("ending", ["csv", "jsonl"])
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_tables_are_the_same_with_and_without_a_compiler(
    ending: str, safe: bool, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    random = np.random.default_rng(seed)
    batches = [batch(random) for _ in range(random.integers(1, 6))]
    folder = tmp_path_factory.mktemp("tables")
    written = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "_LINES_AT_ONCE", 2)
        for pure in ("0", "1"):
            patch.setenv("TBTOOLS_PURE_PYTHON", pure)
            path = folder / f"{pure}.{ending}"
            write_table(path, SCHEMA, batches, csv_safe=safe and ending == "csv")
            written.append(path.read_bytes())
    assert written[0] == written[1]
    assert written[0].count(b"\n") >= sum(each.rows for each in batches)


def test_nothing_is_read_out_of_bounds() -> None:
    values = np.zeros(2)
    for arguments in (
        ([b"", b""], [values], 0, 3, WORDS),
        ([b"", b""], [values], -1, 2, WORDS),
        ([b"", b""], [values], 2, 1, WORDS),
        ([b"", b""], [values, values], 0, 2, WORDS),
        ([b""], [values], 0, sys.maxsize, WORDS),
    ):
        with pytest.raises((IndexError, ValueError)):
            compiled.lines(*arguments)
    assert compiled.lines([b"a", b"b"], [values], 1, 1, WORDS) == ""
