"""The options that select runs, tags and steps, and load what they select."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from tbtools.cli.completion import complete_runs, complete_tags
from tbtools.cli.options import gathered, refuse_option
from tbtools.cli.parameters import StepRange
from tbtools.vocabulary import FOREIGN_FORMATS, RESTART_POLICIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tbtools.cli.options import Command
    from tbtools.runs.experiment import Experiment
    from tbtools.runs.selection import Selection


# In the context's `meta`: the experiments of the command.
LOADED = "tbtools.loaded"
# There too: whether the command is called again and again, and goes on with what it has read.
REDRAWING = "tbtools.redrawing"
# A signal ends this process at once, and an engine's workers with it. What then tidies up behind
# them, a process of Python's own, is not to say so.
_UNSAID = "ignore:resource_tracker:UserWarning"


class SelectionOptions(NamedTuple):
    """What the selection options say, by the names of their parameters.

    Attributes:
        runs: --run.
        exclude_runs: --exclude-run.
        tags: --tag.
        exclude_tags: --exclude-tag.
        steps: --steps.
        where: --where.
        restarts: --restarts.
        no_cache: --no-cache.
        also: --also.
    """

    runs: tuple[str, ...]
    exclude_runs: tuple[str, ...]
    tags: tuple[str, ...]
    exclude_tags: tuple[str, ...]
    steps: tuple[int | None, int | None]
    where: str | None
    restarts: str
    no_cache: bool
    also: str | None

    @property
    def selection(self) -> Selection:
        """The tags and steps, for the analyses."""
        from tbtools.runs.selection import Selection, as_steps

        return Selection(tags=self.tags, exclude_tags=self.exclude_tags, steps=as_steps(self.steps))

    def check(self) -> None:
        """Refuses what is wrong whatever the runs are, before they are waited for.

        Raises:
            InvalidExpression: --where cannot be read.
            InvalidArgument: There is no such format of --also.
        """
        from tbtools.eventfile.foreign.formats import Also
        from tbtools.runs.where import parse_where

        if self.where is not None:
            parse_where(self.where)
        if self.also is not None:
            Also.of(self.also)

    @property
    def arguments(self) -> dict[str, Any]:
        """The same as keyword arguments of the analyses."""
        return {
            "tags": self.tags or None,
            "exclude_tags": self.exclude_tags or None,
            "steps": self.steps,
        }

    def load(
        self,
        paths: Sequence[str],
        *,
        groups: Sequence[str] = (),
        fold: bool = False,
        skip_unreadable: bool = False,
        engine: str | None = None,
    ) -> Experiment:
        """The experiment under the paths, with the selected runs.

        Args:
            paths: The paths.
            groups: --group: hyperparameters that `add_hparams` wrote lie in a directory of their
                own, and runs that are put together by them are folded.
            fold: As for `tbtools.load`.
            skip_unreadable: As for `tbtools.load`; the command then ends with `finish`.
            engine: As for `tbtools.load`; where its work can be watched is told.

        Raises:
            NoEventFiles: There is nothing to read.
            UnknownRun: A name or glob matches no run.
            InvalidExpression: --where cannot be read, or names what no run has.
        """
        from tbtools.render.format import plural, printable
        from tbtools.runs.loading import load

        context = click.get_current_context()
        loaded: list[Experiment] = context.meta.setdefault(LOADED, [])
        if loaded and context.meta.get(REDRAWING):
            loaded[0].refresh()
            return loaded[0]
        if engine is not None and _UNSAID not in sys.warnoptions:
            sys.warnoptions.append(_UNSAID)
        experiment = load(
            paths,
            runs=self.runs or None,
            exclude_runs=self.exclude_runs or None,
            where=self.where,
            restarts=self.restarts,
            fold=fold or any(each.startswith("hparam:") for each in groups),
            skip_unreadable=skip_unreadable,
            cache=not self.no_cache,
            engine=engine,
            also=self.also,
        )
        if experiment.engine is not None and not loaded:
            click.echo(str(experiment.engine), err=True)
        loaded.append(experiment)
        for name, count in experiment.lacking.items():
            click.echo(
                f"--where leaves out {plural(count, 'run')} without {printable(name)}", err=True
            )
        return experiment

    def load_with_accepted(
        self, path: str, accepted: str, engine: str | None = None
    ) -> tuple[Experiment, Experiment]:
        """The runs under a path, and accepted ones, of which alone the options select some.

        Args:
            path: The path.
            accepted: Another; or one with a glob, of the names of runs below what stands before it.
            engine: As for `load`.

        Raises:
            click.UsageError: --run besides a glob.
        """
        from tbtools.runs.inputs import split_glob

        directory, glob = split_glob(accepted)
        chosen = self
        if glob is not None:
            refuse_option("runs", f"with the glob of {accepted}")
            chosen = self._replace(runs=(glob,))
        every = self._replace(runs=(), exclude_runs=(), where=None)
        return every.load([path], engine=engine), chosen.load([directory], engine=engine)


def selection_options(command: Command) -> Command:
    """--run, --tag, --steps, --where, --restarts and --no-cache, handed over as `selection`."""
    decorators = [
        click.option(
            "--run",
            "runs",
            metavar="GLOB",
            shell_complete=complete_runs,
            multiple=True,
            help="Only these runs; * matches / too. Repeatable.",
        ),
        click.option(
            "--exclude-run",
            "exclude_runs",
            metavar="GLOB",
            shell_complete=complete_runs,
            multiple=True,
            help="Not these runs.",
        ),
        click.option(
            "--tag",
            "tags",
            metavar="GLOB",
            shell_complete=complete_tags,
            multiple=True,
            help="Only these tags; * matches / too. Repeatable.",
        ),
        click.option(
            "--exclude-tag",
            "exclude_tags",
            metavar="GLOB",
            shell_complete=complete_tags,
            multiple=True,
            help="Not these tags.",
        ),
        click.option(
            "--steps",
            type=StepRange(),
            default=":",
            show_default=False,
            help="Only steps from A to B, both included.",
        ),
        click.option(
            "--where",
            metavar="EXPR",
            help="Only runs of which this is true: 'lr>=1e-3 and status!=diverged'.",
        ),
        click.option(
            "--restarts",
            type=click.Choice(RESTART_POLICIES),
            default="resume",
            show_default=True,
            help="What to do about points that a restart has written again.",
        ),
        click.option(
            "--no-cache",
            is_flag=True,
            help="Read all files anew, and keep nothing for the next time (`tbtools cache`).",
        ),
        click.option(
            "--also",
            metavar="FORMATS",
            help=f"Also read logs of other programs: {','.join(FOREIGN_FORMATS)} (docs/import.md).",
        ),
    ]
    return gathered(command, decorators, "selection", SelectionOptions)
