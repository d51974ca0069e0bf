"""What users rely on: the names that tbtools exports, where they come from, how they are called."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import tbtools
from tests.builders import EventFileBuilder

SOURCE = Path(tbtools.__file__)


def typed_imports() -> dict[str, str]:
    """Name to module, as tbtools/__init__.py has it for type checkers."""
    (block,) = (node for node in ast.parse(SOURCE.read_text()).body if isinstance(node, ast.If))
    return {
        alias.name: node.module or ""
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_type_checkers_and_the_interpreter_see_the_same_names() -> None:
    assert typed_imports() == tbtools._MODULE_OF
    assert sorted(typed_imports()) == tbtools.__all__


@pytest.mark.parametrize("name", tbtools.__all__)
def test_each_name_is_what_its_module_or_package_defines(name: str) -> None:
    value = getattr(tbtools, name)
    module = tbtools._MODULE_OF[name]
    assert value is getattr(importlib.import_module(module), name)
    assert f"{value.__module__}.".startswith(f"{module}.")
    assert inspect.getdoc(value)


def test_a_name_that_there_is_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'tbtools' has no attribute 'nonsense'"):
        _ = tbtools.nonsense
    with pytest.raises(ImportError):
        from tbtools import nonsense  # noqa: F401


def test_the_version_is_that_of_the_package() -> None:
    assert tbtools.__version__.split(".")[0].isdigit()


@pytest.mark.parametrize(
    ("function", "signature"),
    [
        (
            tbtools.load,
            (
                "(path, runs=None, restarts='resume', *, exclude_runs=None, where=None, "
                "fold=False, skip_unreadable=False, cache=True, "
                "engine=None, also=None)"
            ),
        ),
        (tbtools.read_scalars, "(path, tags=None, **options)"),
        (
            tbtools.Experiment.scalars,
            "(self, tags=None, *, steps=None, wide=False, dtype=False, file=False)",
        ),
        (
            tbtools.Run.scalars,
            "(self, tags=None, *, steps=None, wide=False, dtype=False, file=False)",
        ),
        (tbtools.Experiment.refresh, "(self)"),
        (tbtools.Experiment.hparams, "(self, at='last')"),
        *(
            (getattr(tbtools.Run, name), "(self, tags=None)")
            for name in (
                *("images", "audio", "histograms", "distributions", "text", "pr_curves"),
                *("meshes", "tensors", "plugin_data"),
            )
        ),
        (tbtools.Run.graph, "(self)"),
        (tbtools.Run.embeddings, "(self)"),
    ],
)
def test_signatures_are_a_promise(function: object, signature: str) -> None:
    assert callable(function)
    found = inspect.signature(function)
    bare = [each.replace(annotation=inspect.Parameter.empty) for each in found.parameters.values()]
    plain = found.replace(parameters=bare, return_annotation=inspect.Signature.empty)
    assert str(plain) == signature


def test_runs_are_read_and_counted_without_pandas(tmp_path: Path) -> None:
    builder = EventFileBuilder().scalars("loss", [(1, 0.5), (2, 0.25)]).text("note", 1, "words")
    builder.write(tmp_path / "r" / "events.out.tfevents.1")
    script = (
        "import sys, tbtools\n"
        "sys.modules['pandas'] = None\n"  # from here on, importing it is an error
        "run = tbtools.load(sys.argv[1])['r']\n"
        "print([(each.tag, each.count, each.last) for each in run.data.statistics()])\n"
        "print([value.step for value in run.values('text')], run.superseded)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert done.stdout == "[('loss', 2, 0.25), ('note', 1, None)]\n[1] 0\n"


RUN = {
    *("audio", "changes", "custom_scalars", "distributions", "embeddings", "event_files"),
    *("graph", "histogram_statistics", "histograms", "hparams", "images", "meshes", "name"),
    *("notes", "path", "plot", "plugin_data", "pr_curves", "problems", "refresh", "restarts"),
    *("run_metadata", "scalars", "sessions", "superseded", "tags", "tensors", "text", "values"),
}
EXPERIMENT = {
    *(
        "best",
        "each_run",
        "forget",
        "get",
        "hparams",
        "items",
        "keys",
        "lacking",
        "logdir",
        "paths",
        "plot",
    ),
    *("refresh", "restarts", "scalars", "scan", "tags", "to_dask", "unreadable", "values"),
}


# Every other public class. What is new here is a promise, and belongs into its docstring.
OTHERS = {
    "Aggregate": (
        "axis_column groups left_out notes plot problems provenance read_paths series "
        "superseded to_dict to_frame unlike x"
    ),
    "Asset": ("file output text"),
    "AggregatedSeries": (
        "dtype group interpolated members nonfinite repeated runs statistics stretches tag "
        "to_dict too_few unplaced wall_time x"
    ),
    "Audio": ("channels content_type data frames label sample_rate seconds to_numpy"),
    "BandCurve": ("center high low step to_frame value"),
    "Bootstrap": ("level resamples seed"),
    "Compaction": (
        "assets kept notes plugins problems runs superseded to_dict to_frame values write"
    ),
    "CurveSide": (
        "at best best_step count dtype end final final_step nonfinite reaches_seconds "
        "reaches_step reaches_x sparkline steps_per_second"
    ),
    "DeclaredHParam": ("choices description display_name interval name type"),
    "DeclaredMetric": ("dataset description display_name group tag"),
    "Diff": (
        "a b compared_all identical notes plot problems provenance_a provenance_b runs "
        "superseded to_dict to_frame x"
    ),
    "Edit": (
        "assets changed collisions files kept notes plugins problems runs tags to_dict to_frame "
        "values write written_files"
    ),
    "Embedding": (
        "bookmarks_path checkpoint_path directory files metadata metadata_path name sprite_path "
        "sprite_size tensor_path tensor_shape to_frame vectors"
    ),
    "Estimate": ("high low to_dict value"),
    "Event": ("condition finding kind message run status time to_dict"),
    "EventFileReader": ("problems"),
    "EventFileWriter": (
        "add_encoded_image add_event add_histogram add_hparams add_hparams_end add_record "
        "add_scalar add_text close flush session_start"
    ),
    "Evidence": (
        "change confidence effective_points high improvement improvement_high improvement_low "
        "low p_value points reason runs_a runs_b verdict"
    ),
    "Explanation": (
        "configuration curves end_time findings hparams judged_series kinds_off left_out logdir "
        "nearest not_checked notes outlook path places problems rows run sessions siblings "
        "start_time status superseded to_dict to_frame within"
    ),
    "Export": (
        "count data is_sheet left_out notes problems provenance runs superseded to_dict undecodable"
    ),
    "FileChange": ("kind new_points path"),
    "FileCheck": ("bytes file problems records status to_dict"),
    "FileEdit": ("bytes changed file is_whole kept output run to_dict values"),
    "FileRepair": ("file inserted lost_bytes mended output problems records status to_dict"),
    "Finding": (
        "best_step best_value end_step evidence fails is_serious kind last_good_step message "
        "ongoing onset_step onset_time provisional run severity tag to_dict"
    ),
    "Findings": (
        "causes count findings index not_judged notes of plot problems provenance superseded "
        "to_dict to_frame"
    ),
    "Graph": ("from_graph_def from_meta_graph_def graph_def nodes"),
    "GroupScores": ("group iqm mean median optimality_gap profile runs statistics to_dict"),
    "HParamDiff": ("a b name only_in to_dict"),
    "HParams": (
        "declared end_time experiment from_decodable from_values get group_name items keys "
        "metrics model_uri monitor_url settings start_time status to_dict to_frame values"
    ),
    "Import": ("files to_dict to_frame unreadable_paths write"),
    "Importance": ("correlation greater high is_clear low name runs to_dict"),
    "Image": ("data format height to_numpy to_pil width"),
    "ImportedFile": (
        "file first_step float64_series format has_times hparams last_step left_out points "
        "problems run series status to_dict"
    ),
    "Improvement": ("group over probability to_dict"),
    "Layout": ("categories from_values to_dict to_frame"),
    "LiveFigure": ("draw follow"),
    "Merge": (
        "assets losses lost_tags notes points problems read_paths renamed_values restarts "
        "rewritten runs same sessions start_time superseded tags to_dict to_frame"
    ),
    "MergedSession": ("file first_step last_step points run start_time superseded"),
    "Mesh": ("colors config faces vertices"),
    "NotJudged": ("reason run tag to_dict"),
    "Note": ("count kind message tag to_dict"),
    "ObjectiveSummary": ("best best_step direction dtype last sparkline tag to_dict"),
    "PointDifference": (
        "area common_steps differing first_step first_values max_difference max_step mean_gap"
    ),
    "PluginEdit": ("bytes kept kept_bytes plugin values"),
    "Problem": ("kind length message offset to_dict"),
    "RankedRun": (
        "checkpoint checkpoint_error dtype findings high hparams is_short low outlook points rank "
        "run runs seconds status step tied to_dict value wall_time"
    ),
    "Ranking": (
        "at by confidence direction forest grouped hparams importance not_ranked notes problems "
        "provenance ranked row runner_up runs superseded to_dict to_frame without_tag"
    ),
    "Regression": (
        "accepted failures false_alarms is_judged is_normal logdir notes problems provenance "
        "superseded tags to_dict to_frame"
    ),
    "Repair": ("files to_dict to_frame unreadable_paths write"),
    "RunCompaction": (
        "bytes event_files kept output rewritten run start_time superseded to_dict values"
    ),
    "RunDiff": ("a b hparams identical not_compared only_in points_a points_b tags text"),
    "RunGroup": ("name runs"),
    "RunLoss": ("points run to"),
    "RunSummary": (
        "bytes duration end_time event_files findings first_step is_judged last_step "
        "nonfinite notes objective path points problems run sessions start_time status "
        "superseded tags to_dict"
    ),
    "SameTag": ("names tag"),
    "Scores": (
        "at by direction groups improvements left_out level notes problems profiles provenance "
        "rows superseded target tasks thresholds to_dict to_frame unlike"
    ),
    "SeriesStatistics": (
        "count dtype first first_step first_time last last_step last_time max max_step min "
        "min_step nonfinite plugin tag to_dict"
    ),
    "SeriesSummary": ("sparkline statistics"),
    "StoredValue": (
        "message metadata plugin_content plugin_name point step stored tag tensor wall_time"
    ),
    "Summary": (
        "configuration judged kinds_off left_out logdir notes problems provenance readable runs "
        "superseded to_dict to_frame unreadable"
    ),
    "TagEdit": ("run tag to values"),
    "TagDiff": (
        "a b better count_a count_b end_a end_b evidence identical is_of_groups level_a level_b "
        "objective only_in plugin points shorter tag to_dict"
    ),
    "TagRegression": (
        "curve detectable fails high last_step level level_high level_low level_z limit low "
        "objective ongoing outside p_value points reason run runs since_step tag to_dict "
        "until_step value verdict z z_step"
    ),
    "TextDiff": ("lines step tag to_dict"),
    "Verification": ("files readable sound strict to_dict to_frame unreadable_paths"),
    "Watch": ("interval seconds"),
    "WrittenFigure": (
        "caption charts curves format height notes path problems provenance remarks runs "
        "superseded to_dict width"
    ),
}


def test_every_public_class_is_looked_at() -> None:
    classes = {name for name in tbtools.__all__ if isinstance(getattr(tbtools, name), type)}
    errors = {name for name in classes if issubclass(getattr(tbtools, name), BaseException)}
    assert OTHERS.keys() | {"Run", "Experiment"} == classes - errors


@pytest.mark.parametrize("name", OTHERS)
def test_classes_offer_what_users_want_and_nothing_else(name: str) -> None:
    kind = getattr(tbtools, name)
    offered = {*dir(kind)}
    if dataclasses.is_dataclass(kind):
        offered |= {field.name for field in dataclasses.fields(kind)}
    offered -= getattr(kind, "_plumbing", frozenset())
    assert {each for each in offered if each[0] != "_"} == {*OTHERS[name].split()}


def test_completion_leaves_the_plumbing_out(tmp_path: Path) -> None:
    EventFileBuilder().scalar("a", 1, 0.0).write(tmp_path / "events.out.tfevents.1")
    merge = tbtools.merge(tmp_path)
    assert not {"pieces", "run_notes"} & {*dir(merge)}
    assert {"points", "to_frame", "notes"} <= {*dir(merge)}


@pytest.mark.parametrize("nothing", [(), [], {}], ids=repr)
def test_nothing_selected_is_refused_however_it_is_written(tmp_path: Path, nothing: object) -> None:
    EventFileBuilder().scalar("a", 1, 0.0).write(tmp_path / "events.out.tfevents.1")
    experiment = tbtools.load(tmp_path)
    calls = {
        "scalars": lambda: experiment.scalars(nothing),
        "scalars of a run": lambda: experiment["."].scalars(tags=nothing),
        "tensors": lambda: experiment["."].tensors(nothing),
        "load": lambda: tbtools.load(tmp_path, runs=nothing),
        "load without": lambda: tbtools.load(tmp_path, exclude_runs=nothing),
        **{
            name: (lambda name=name: getattr(tbtools, name)(experiment, tags=nothing))
            for name in ("aggregate", "detect", "merge", "plot", "read_scalars")
        },
        "summarize": lambda: tbtools.summarize(experiment, exclude_tags=nothing),
        "export": lambda: tbtools.export(experiment, tmp_path / "x.csv", tags=nothing),
        "groups": lambda: tbtools.aggregate(experiment, group=nothing),
    }
    for call in calls.values():
        with pytest.raises(tbtools.InvalidArgument, match="no name or glob is given"):
            call()


def test_runs_and_experiments_offer_what_users_want_and_nothing_else(tmp_path: Path) -> None:
    EventFileBuilder().scalar("a", 1, 0.0).write(tmp_path / "events.out.tfevents.1")
    experiment = tbtools.load(tmp_path)
    assert {name for name in dir(experiment) if name[0] != "_"} == EXPERIMENT
    assert {name for name in dir(experiment["."]) if name[0] != "_"} == RUN
    assert len(repr(experiment)) < 200
    assert len(repr(experiment["."])) < 200


def test_results_are_short_on_a_prompt(tmp_path: Path) -> None:
    EventFileBuilder().scalars("loss", [(step, 1.0) for step in range(500)]).write(
        tmp_path / "a" / "events.out.tfevents.1"
    )
    EventFileBuilder().scalar("loss", 1, 0.0).write(tmp_path / "b" / "events.out.tfevents.1")
    aggregate = tbtools.aggregate(tmp_path)
    for result in (
        tbtools.summarize(tmp_path),
        tbtools.summarize(tmp_path).runs[0],
        tbtools.verify(tmp_path),
        tbtools.detect(tmp_path),
        tbtools.merge(tmp_path / "a"),
        aggregate,
        aggregate.series[0],
        tbtools.diff(tmp_path / "a", tmp_path / "b"),
        tbtools.diff(tmp_path / "a", tmp_path / "b").runs[0],
    ):
        assert len(repr(result)) < 250, type(result)


def test_what_is_no_path_run_or_tag_is_a_named_error(tmp_path: Path) -> None:
    EventFileBuilder().scalar("a", 1, 0.0).write(tmp_path / "events.out.tfevents.1")
    experiment = tbtools.load(tmp_path)
    with pytest.raises(tbtools.UnknownRun, match="no run 0"):
        _ = experiment[0]  # type: ignore[index]
    assert 0 not in experiment
    for nothing in ([], ()):
        with pytest.raises(tbtools.InvalidArgument, match="no path is given"):
            tbtools.load(nothing)
    for other in (5, None, [5]):
        with pytest.raises(tbtools.UnsupportedType, match="is no path"):
            tbtools.load(other)  # type: ignore[arg-type]
    with pytest.raises(tbtools.UnsupportedType, match="not a mapping"):
        tbtools.detect(experiment, objectives=3)  # type: ignore[arg-type]
