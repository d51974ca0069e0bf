"""`tbtools.edit` of what real writers write, of every plugin: there and back, the same records."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tensorboardX
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tensorboard.plugins.hparams import summary_v2
from tensorboard.summary import Writer
from tensorboard.summary.writer.event_file_writer import EventFileWriter

import tbtools
from tests.analysis.test_edit import FIXED, declared, edited, events, expected, files, records

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

torch = pytest.importorskip("torch")
torch_tensorboard = pytest.importorskip("torch.utils.tensorboard")

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
RANDOM = np.random.default_rng(0)
PICTURE = RANDOM.integers(0, 255, (3, 4, 4), dtype=np.uint8)
SOUND = RANDOM.uniform(-1, 1, (1, 64)).astype(np.float32)
NUMBERS = RANDOM.normal(size=16)
TRUTHS = np.arange(16) % 2
POINTS = RANDOM.normal(size=(1, 5, 3)).astype(np.float32)

# What tensorboardX and torch both have, each in its own code: of a writer, a tag and a step.
CALLS: dict[str, Callable[[Any, str, int], Any]] = {
    "scalar": lambda writer, tag, step: writer.add_scalar(tag, step / 3, step),
    "scalars": lambda writer, tag, step: writer.add_scalars(tag, {"a": 1, "b": step}, step),
    "image": lambda writer, tag, step: writer.add_image(tag, PICTURE, step),
    "histogram": lambda writer, tag, step: writer.add_histogram(tag, NUMBERS, step),
    "text": lambda writer, tag, step: writer.add_text(tag, "*words*", step),
    "audio": lambda writer, tag, step: writer.add_audio(tag, torch.tensor(SOUND), step, 8000),
    "pr_curve": lambda writer, tag, step: writer.add_pr_curve(
        tag, TRUTHS, np.abs(NUMBERS) / 9, step, 8
    ),
    "mesh": lambda writer, tag, step: writer.add_mesh(tag, torch.tensor(POINTS), global_step=step),
    "hparams": lambda writer, tag, step: writer.add_hparams({"lr": 0.1, "net": tag}, {tag: step}),
    "embedding": lambda writer, tag, step: writer.add_embedding(
        torch.tensor(POINTS[0]), tag=tag, global_step=step
    ),
    "layout": lambda writer, tag, _: writer.add_custom_scalars({"c": {tag: ["Multiline", [tag]]}}),
    "graph": lambda writer, *_: writer.add_graph(torch.nn.Linear(2, 1), torch.ones(1, 2)),
}
TAGS = ("loss", "train/loss", "a b")
WRITTEN = st.lists(
    st.tuples(st.sampled_from(sorted(CALLS)), st.sampled_from(TAGS), st.integers(0, 2**31)),
    min_size=1,
    max_size=6,
)
RUNS = st.dictionaries(
    st.sampled_from(["x", "x/y", "torch"]), st.tuples(WRITTEN, st.booleans()), min_size=1
)


def write(logs: Path, runs: dict[str, tuple[list[tuple[str, str, int]], bool]]) -> None:
    """Runs of tensorboardX, of torch, and in them runs of TensorBoard's own writers."""
    for name, (calls, by_tensorboard) in runs.items():
        kind = torch_tensorboard.SummaryWriter if name == "torch" else tensorboardX.SummaryWriter
        with kind(str(logs / name)) as writer:
            for call, tag, step in calls:
                if call != "audio" or name == "torch":  # tensorboardX needs a library for it
                    CALLS[call](writer, tag, step)
        if by_tensorboard:
            own = Writer(str(logs / name / "own"))
            own.add_scalar("loss", 0.5, 3, description="what it is")
            own.close()
            events_of = EventFileWriter(str(logs / name / "own"), filename_suffix=".hparams")
            events_of.add_event(_hyperparameters())
            events_of.close()


def _hyperparameters() -> Any:
    from tensorboard.compat.proto.event_pb2 import Event

    event = Event(wall_time=1.0)
    event.summary.CopyFrom(summary_v2.hparams_pb({"lr": 0.1, "net": "big"}, start_time_secs=1.0))
    return event


def others(folder: Path) -> dict[str, bytes]:
    """What is no event file."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "tfevents" not in path.name
    }


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(runs=RUNS, shift=st.integers(1, 2**40))
def test_there_and_back(
    tmp_path_factory: pytest.TempPathFactory, runs: dict[str, Any], shift: int
) -> None:
    folder = tmp_path_factory.mktemp("written")
    logs = folder / "logs"
    write(logs, runs)
    plugins = {name: declared(path.parent) for name, path in files(logs).items()}
    has_names = any(
        value.tag and plugins[name].get(value.tag) not in FIXED
        for name, path in files(logs).items()
        for event in events(path)
        for value in event.summary.value
    )
    names = [{"rename": "s/^/p-/"}, {"rename": "s/^p-//"}] if has_names else [{}, {}]
    edited(logs, folder / "there", shift_steps=shift, **names[0])
    edited(folder / "there", folder / "back", shift_steps=-shift, **names[1])
    assert files(folder / "there").keys() == files(folder / "back").keys() == files(logs).keys()
    for name, path in files(logs).items():
        assert records(folder / "back" / name) == records(path)
    assert others(folder / "back") == others(logs)


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(runs=RUNS, data=st.data())
def test_what_is_not_left_out_stays(
    tmp_path_factory: pytest.TempPathFactory, runs: dict[str, Any], data: st.DataObject
) -> None:
    """Each tag has its own metadata, so that those of the others are the same bytes."""
    folder = tmp_path_factory.mktemp("left")
    logs = folder / "logs"
    write(logs, runs)
    tags = sorted({tag for run in tbtools.load(logs).values() for tag in run.data.own_tags})
    if len(tags) < 2:
        return
    left_out = data.draw(st.sampled_from(tags))
    edited(logs, folder / "out", drop=left_out)
    for name, path in files(logs).items():
        want = expected(path, keep=lambda tag, _: tag != left_out)
        out = folder / "out" / name
        if any(event.HasField("summary") for event in want) or not any(
            event.HasField("summary") for event in events(path)
        ):
            assert events(out) == want
            assert set(records(out)) <= set(records(path))
        elif out.exists():  # a graph alone
            assert events(out) == want
    assert others(folder / "out") == others(logs)


@pytest.mark.corpus
def test_keras_and_jax_there_and_back(corpus: Path, tmp_path: Path) -> None:
    """A tree of what tensorflow, Keras and JAX have written."""
    chosen = [path for path in corpus.rglob("*tfevents*")
              if "keras" in str(path) or "JAX" in str(path)]  # fmt: skip
    for path in chosen:
        target = tmp_path / "logs" / path.relative_to(corpus)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    edited(tmp_path / "logs", tmp_path / "there", rename="s/^/p-/", scale_steps=2)
    edited(tmp_path / "there", tmp_path / "back", rename="s/^p-//", scale_steps=0.5)
    for name, path in files(tmp_path / "logs").items():
        assert records(tmp_path / "back" / name) == records(path)
    assert len(chosen) >= 4
