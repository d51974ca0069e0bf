"""The words that every layer uses, without NumPy.

The command line needs the names of policies, methods and kinds for its help, and may not import
what needs NumPy for them; the analyses and the report need the same names. Each list stands here
and nowhere else.
"""

from __future__ import annotations

from typing import Literal, get_args

# What to do about points that a restart has written again (docs/restarts.md).
RestartPolicy = Literal["resume", "preempt", "session_log", "keep"]
RESTART_POLICIES: tuple[RestartPolicy, ...] = get_args(RestartPolicy)

# What is wrong with a stretch of a file, or with a whole one (tbtools.eventfile.problems).
ProblemKind = Literal[
    "truncated", "bad_length", "bad_data", "undecodable", "not_an_event_file", "unreadable"
]

# What becomes of an event file that is repaired (tbtools.analysis.repair).
RepairStatus = Literal[
    "sound",
    "repaired",
    "joined",
    "duplicate",
    "nothing_whole",
    "not_an_event_file",
    "unreadable",
]

# What becomes of tags or runs that would get one name (tbtools.analysis.edit).
CollisionPolicy = Literal["join", "number"]
COLLISION_POLICIES: tuple[CollisionPolicy, ...] = get_args(CollisionPolicy)

# What a second look at an event file has found (tbtools.eventfile.rescan).
FileChangeKind = Literal["new", "grown", "healed", "shrank", "replaced", "unreadable"]

# What a reader should know of a run's timeline although nothing is damaged
# (tbtools.runs.timeline.notes).
NoteKind = Literal[
    "steps_go_back",
    "step_wraps",
    "overlapping_writers",
    "duplicate_file",
    "clock_skew",
    "superseded",
    "read_anew",
]
NOTE_KINDS: tuple[NoteKind, ...] = get_args(NoteKind)

# What detection finds, and how much it matters, the worst first.
FindingKind = Literal[
    "nonfinite",
    "divergence",
    "collapse",
    "explosion",
    "overfitting",
    "plateau",
    "spike",
    "stall",
    "learning_rate",
    "loss_scale",
    "gradient",
    "throughput",
]
FINDING_KINDS: tuple[FindingKind, ...] = get_args(FindingKind)
Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
# The kinds on which `tbtools detect` fails unless told otherwise.
FAILING_KINDS: tuple[FindingKind, ...] = ("divergence", "nonfinite")
# How many lines of findings `tbtools detect` shows unless told otherwise: more is no answer.
DEFAULT_LIMIT = 100

# How many runs `tbtools best` shows unless told otherwise.
DEFAULT_TOP = 10

# The state of a run.
RunStatus = Literal["training", "finished", "stopped", "stalled", "empty", "unreadable"]

# What a run may be asked for as its status besides: that `detect --fail-on` would fail for it.
STATUS_KINDS: dict[str, FindingKind] = {
    **{kind: kind for kind in FINDING_KINDS},
    "diverged": "divergence",
}

# Which way is better.
Objective = Literal["min", "max", "none"]
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)

# What can lie along an axis, besides the tag of another scalar.
Axis = Literal["step", "relative", "active", "wall"]
AXES: tuple[Axis, ...] = get_args(Axis)
# What of a series says how good it is: `step=N` besides.
LEVELS = ("last", "best", "end")
# Names of axes that earlier versions used.
FORMER_AXES: dict[str, Axis] = {"relative_time": "relative", "wall_time": "wall"}

# How lines are drawn in the terminal: dots in braille or in quadrants, or signs, one a line.
Marker = Literal["braille", "block", "ascii"]
MARKERS: tuple[Marker, ...] = get_args(Marker)

# What a series was measured on, and the words of tags and run names that say so.
Role = Literal["train", "validation", "test"]
# Those that training does not learn from.
EVALUATIONS: frozenset[Role] = frozenset({"validation", "test"})
ROLE_WORDS: dict[str, Role] = {
    **dict.fromkeys(("train", "training", "trn", "learn", "trainset"), "train"),
    **dict.fromkeys(
        (
            *("val", "valid", "validation", "validate", "eval", "evaluate", "evaluation", "dev"),
            *("holdout", "heldout", "valset", "devset"),
            *("vali", "vaild"),  # Time-Series-Library, RecBole
        ),
        "validation",
    ),
    **dict.fromkeys(("test", "testing", "testset", "tst"), "test"),
}

SmoothingMethod = Literal["ema", "time_weighted_ema", "gaussian", "median", "rolling", "savgol"]
SMOOTHING_METHODS: tuple[SmoothingMethod, ...] = get_args(SmoothingMethod)

# What `aggregate` computes of repeated runs by default, and what a NaN does there.
DEFAULT_STATISTICS = ("mean", "std", "stderr", "median", "min", "max", "iqm")
NonfinitePolicy = Literal["poison", "drop", "fail"]
NONFINITE_POLICIES: tuple[NonfinitePolicy, ...] = get_args(NonfinitePolicy)
# What counts of several points of a run at one place of the axis.
RepeatedPolicy = Literal["last", "first", "mean", "fail"]
REPEATED_POLICIES: tuple[RepeatedPolicy, ...] = get_args(RepeatedPolicy)

# How a result is shown on standard output.
OUTPUT_FORMATS = ("table", "json", "csv")
# Files that hold a table, by the ending of their names.
TableFormat = Literal["csv", "jsonl", "json", "parquet", "feather", "xlsx"]
TABLE_FORMATS: tuple[TableFormat, ...] = get_args(TableFormat)
# Tables for people and their pages; `export` writes hyperparameters in them.
PAGE_FORMATS = ("table", "json", "markdown", "latex")
# Formats of other programs that `import` and `--also` read (tbtools.eventfile.foreign.formats).
ForeignFormat = Literal["csv", "jsonl", "json", "hf", "mlflow", "trackio", "wandb"]
FOREIGN_FORMATS: tuple[ForeignFormat, ...] = get_args(ForeignFormat)
# As what scalars are written.
ScalarDtype = Literal["float32", "float64"]
SCALAR_DTYPES: tuple[ScalarDtype, ...] = get_args(ScalarDtype)
# Pictures of charts, by the ending of their names.
PictureFormat = Literal["png", "svg", "pdf"]
PICTURE_FORMATS: tuple[PictureFormat, ...] = get_args(PictureFormat)
# Figures of publications: pictures, and pgfplots for TeX.
FigureFormat = Literal["pdf", "svg", "png", "latex"]
FIGURE_FORMATS: tuple[FigureFormat, ...] = get_args(FigureFormat)
FigureStyle = Literal["paper", "paper-serif", "slides"]
FIGURE_STYLES: tuple[FigureStyle, ...] = get_args(FigureStyle)
# What a figure shows of a group of runs, and of which data it is.
Band = Literal["mean_ci", "median_ci", "iqm_ci", "std", "stderr", "minmax", "quartiles", "none"]
BANDS: tuple[Band, ...] = get_args(Band)
FigureData = Literal["scalars", "histograms"]
FIGURE_DATA: tuple[FigureData, ...] = get_args(FigureData)


def plural(count: int, noun: str) -> str:
    """A count and what is counted: ``1 run``, ``2,000 runs``, ``2 series``."""
    return f"{count:,} {noun}" + ("" if count == 1 or noun.endswith("s") else "s")
