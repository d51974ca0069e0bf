"""The same recipe again and again: learning rates x batch sizes x seeds, one run each."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Annotated

from reference_training.config import Option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reference_training.config import TrainConfig


@dataclass(frozen=True, kw_only=True)
class SweepConfig:
    """What to vary; all else is an option of the recipe and the same in every run."""

    recipe: Annotated[str, Option("what to train", choices=("digits", "pretrain"))] = "digits"
    learning_rates: Annotated[tuple[float, ...], Option("separated by commas", above=0)] = (1e-3,)
    batch_sizes: Annotated[tuple[int, ...], Option("separated by commas", minimum=1)] = (64,)
    seeds: Annotated[tuple[int, ...], Option("separated by commas", minimum=0)] = (0, 1, 2)

    def problems(self) -> list[str]:
        """What is wrong with the values taken together."""
        return [
            f"--{name.replace('_', '-')} is empty"
            for name in ("learning_rates", "batch_sizes", "seeds")
            if not getattr(self, name)
        ]


def variations(sweep: SweepConfig, base: TrainConfig) -> Iterator[TrainConfig]:
    """The config of each run, its folder named by what varies.

    Args:
        sweep: What to vary.
        base: The recipe's config; its run is the folder that the runs are in.
    """
    for rate, size, seed in product(sweep.learning_rates, sweep.batch_sizes, sweep.seeds):
        name = f"learning_rate={rate:g},batch_size={size},seed={seed}"
        yield dataclasses.replace(
            base,
            run_name=f"{base.run_name or 'sweep'}/{name}",
            learning_rate=rate,
            batch_size=size,
            seed=seed,
        )
