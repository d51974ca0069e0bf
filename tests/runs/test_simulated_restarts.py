"""Jobs that are killed and resumed from checkpoints by chance: what they abandon is known."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

import tbtools
from tests.builders import START, EventFileBuilder

if TYPE_CHECKING:
    from pathlib import Path

Point = tuple[str, int]


@dataclass
class Life:
    """One life of a job: when it began, from which step on, and its points with their times."""

    start: float
    first_step: int
    points: list[tuple[str, int, float]]


def lives(rng: random.Random, pause: str, *, die_early: float = 0.0) -> list[Life]:
    """A training of two to five lives.

    Args:
        rng: Chance.
        die_early: How probable it is that a life ends before it has passed the one before it.
        pause: ``long`` between the lives; ``none``; ``overlap``: a life ends while the next one has
            begun, from a checkpoint that was there by then.
    """
    seconds = rng.choice([0.2, 1.0, 3.0])
    every = {"train/loss": 1}
    for tag, spacings in {"val/loss": [10, 50, 100], "lr": [1, 10], "epoch": [50]}.items():
        if rng.random() < 0.5:
            every[tag] = rng.choice(spacings)
    checkpoint = rng.choice([25, 50, 100])
    found: list[Life] = []
    time, step = 0.0, 0
    for _ in range(rng.randint(2, 5)):
        life = Life(time + rng.uniform(1, 30) * seconds, step, [])
        count = rng.randint(60, 400)
        if found and rng.random() < die_early:
            count = rng.randint(2, 20)
        now = life.start + rng.uniform(0, 5)
        for at in range(step, step + count):
            now += seconds * rng.uniform(0.8, 1.2)
            life.points += [(tag, at, now) for tag, spacing in every.items() if at % spacing == 0]
        found.append(life)
        time = now + (rng.uniform(1, 600) if pause == "long" else 0.0)
        if pause == "overlap":
            time = max(now - 30 * seconds, life.start + 0.7 * (now - life.start))
        reached = [at for tag, at, when in life.points if tag == "train/loss" and when < time]
        step = max(reached) // checkpoint * checkpoint
    return found


def kept(found: list[Life]) -> Counter[Point]:
    """What no later life has taken back."""
    left: Counter[Point] = Counter()
    for number, life in enumerate(found):
        taken_back = min((later.first_step for later in found[number + 1 :]), default=1 << 60)
        left.update((tag, step) for tag, step, _ in life.points if step < taken_back)
    return left


def read(directory: Path, found: list[Life], writers: int = 1) -> Counter[Point]:
    """Reads the lives, each written by one writer, or the validation by another one."""
    for number, life in enumerate(found):
        for writer in range(writers):
            builder = EventFileBuilder().file_version(wall_time=START + life.start + writer / 64)
            for tag, step, time in life.points:
                if writer == (writers > 1 and tag == "val/loss"):
                    builder.scalar(tag, step, 1.0, START + time)
            builder.write(directory / f"events.out.tfevents.{number}.{writer}")
    frame = tbtools.load(directory).scalars()
    return Counter(zip(frame["tag"], frame["step"].tolist(), strict=True))


@pytest.mark.parametrize("writers", [1, 2])
@pytest.mark.parametrize("pause", ["long", "none"])
@pytest.mark.parametrize("seed", range(40))
def test_one_curve_is_left(tmp_path: Path, pause: str, seed: int, writers: int) -> None:
    found = lives(random.Random(seed), pause)
    assert read(tmp_path, found, writers) == kept(found)


def test_of_lives_that_overlap_nothing_is_lost_and_most_are_one_curve(tmp_path: Path) -> None:
    exact = 0
    for seed in range(60):
        directory = tmp_path / str(seed)
        directory.mkdir()
        found = lives(random.Random(seed), "overlap")
        got, want = read(directory, found), kept(found)
        assert not want - got, seed
        exact += got == want
    assert exact >= 50


def lives_in_epochs(rng: random.Random) -> list[list[tuple[int, int, str, int]]]:
    """Lives of a job whose steps begin anew each epoch: (epoch, batch, tag, step) of each point."""
    batches, spacing = rng.choice([20, 50, 100]), rng.choice([1, 2, 5])
    tags = ["loss", "lr"] if rng.random() < 0.5 else ["loss"]
    found: list[list[tuple[int, int, str, int]]] = []
    first = 0
    for _ in range(rng.randint(2, 4)):
        life: list[tuple[int, int, str, int]] = []
        end = first * batches + rng.randint(batches // 2, 4 * batches)
        for epoch, batch in (divmod(at, batches) for at in range(first * batches, end)):
            if batch % spacing == 0:
                life += [(epoch, batch, tag, batch) for tag in tags]
            if batch == batches - 1:
                life.append((epoch, batches, "score", epoch))
        found.append(life)
        first = max(first, end // batches - rng.choice([0, 0, 1]))
    return found


def test_of_lives_in_epochs_nothing_is_lost_and_most_are_one_curve(tmp_path: Path) -> None:
    exact = 0
    for seed in range(60):
        found = lives_in_epochs(random.Random(seed))
        begins = [life[0][:2] for life in found]
        want: Counter[tuple[int, str, int]] = Counter()
        builders = []
        for number, life in enumerate(found):
            builder = EventFileBuilder().file_version(wall_time=START + 10_000 * number)
            for place, (epoch, batch, tag, step) in enumerate(life):
                builder.scalar(tag, step, float(number), START + 10_000 * number + place)
                if all((epoch, batch) < begin for begin in begins[number + 1 :]):
                    want[number, tag, step] += 1
            builders.append(builder)
        for number, builder in enumerate(builders):
            builder.write(tmp_path / str(seed) / f"events.out.tfevents.{number}")
        frame = tbtools.load(tmp_path / str(seed)).scalars()
        got = Counter(zip(frame["value"], frame["tag"], frame["step"].tolist(), strict=True))
        assert not want - got, seed
        exact += got == want
    assert exact >= 44


@pytest.mark.parametrize("die_early", [0.0, 0.4])
@pytest.mark.parametrize("writers", [1, 2])
@pytest.mark.parametrize("hours", [-2, 1])
def test_a_life_on_another_clock_loses_nothing(
    tmp_path: Path, hours: int, writers: int, die_early: float
) -> None:
    for seed in range(25):
        directory = tmp_path / str(seed)
        directory.mkdir()
        rng = random.Random(seed)
        found = lives(rng, "long", die_early=die_early)
        if not all(life.first_step for life in found[1:]):
            continue  # of two lives from scratch, only clocks tell which came first
        # A later life that seems to be the first, or a first one that seems to be the last.
        odd = rng.choice(found[1:]) if hours < 0 else found[0]
        odd.start += hours * 3600
        odd.points = [(tag, step, time + hours * 3600) for tag, step, time in odd.points]
        assert not kept(found) - read(directory, found, writers), seed


def test_a_counter_of_32_bits_without_a_sign(tmp_path: Path) -> None:
    for seed in range(40):
        rng = random.Random(seed)
        distance, step, number = rng.choice([10_000_000, 40_000_000]), 0, 0
        end = 2**32 // distance + rng.randint(20, 90)
        found = []
        while step < end:
            last = min(step + rng.randint(end // 5, end), end)
            points = [("loss", at, 1000.0 * number + at - step) for at in range(step, last)]
            found.append(Life(1000.0 * number, step, points))
            step = last - rng.randint(0, 12) if last < end else end
            number += 1
        want = Counter((tag, step * distance % 2**32) for tag, step in kept(found).elements())
        for life in found:
            life.points = [(tag, at * distance % 2**32, time) for tag, at, time in life.points]
        (tmp_path / str(seed)).mkdir()
        assert read(tmp_path / str(seed), found) == want, seed


def test_scores_of_checkpoints_upwards_are_seldom_lost(tmp_path: Path) -> None:
    # A script that scores 20 and 30 where one before it had 10 to 40 looks like a restart that
    # ended early; one that scores 20 and 40 does not.
    whole = 0
    for seed in range(60):
        rng = random.Random(seed)
        checkpoints = range(10, 10 * rng.randint(5, 16), 10)
        scripts = []
        for number in range(rng.randint(2, 4)):
            chosen = sorted(rng.sample(checkpoints, rng.randint(2, 4)))
            points = [("acc", at, 1000.0 * number + at) for at in chosen]
            scripts.append(Life(1000.0 * number, chosen[0], points))
        (tmp_path / str(seed)).mkdir()
        got = read(tmp_path / str(seed), scripts)
        whole += set(got) == {(tag, at) for script in scripts for tag, at, _ in script.points}
    assert whole >= 57
