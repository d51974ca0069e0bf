"""The page as a file: whole, offline, the same every time, and true to all points."""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import tensorboardX
from torch.utils.tensorboard import SummaryWriter as TorchWriter

import tbtools
from tbtools.analysis.diff import diff
from tbtools.analysis.judgement import detect
from tbtools.analysis.summary import summarize
from tbtools.errors import OutputExists
from tbtools.render.report import diff_report, report
from tbtools.render.report.page import PLOTLY_FILE, plotly_js
from tests.builders import EventFileBuilder
from tests.render.report_logs import (
    HOSTILE_RUNS,
    HOSTILE_TAGS,
    LOGS,
    TINY_PNG,
    arrays_of,
    objectives_of,
    page_of,
    write_hostile_logs,
    write_scalars,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = report(LOGS, tmp_path_factory.mktemp("report") / "r.html", title="examples")
    return path.read_text("utf-8")


def test_every_point_of_a_small_log_is_in_the_page(example: str) -> None:
    page, arrays = page_of(example), arrays_of(example)
    experiment = tbtools.load(LOGS)
    frame = experiment.scalars()
    told = {
        (page["runs"][each["run"]]["name"], page["tags"][each["tag"]]["tag"]): each
        for each in page["series"]
    }
    assert len(told) == frame.groupby(["run", "tag"], observed=True).ngroups
    for key, rows in frame.groupby(["run", "tag"], observed=True):
        series = told[key]
        assert series["n"] == len(rows)
        np.testing.assert_array_equal(arrays[series["step"]], rows["step"])
        np.testing.assert_array_equal(arrays[series["value"]], rows["value"])
        seconds = rows["wall_time"].to_numpy() - experiment[key[0]].data.start_time
        np.testing.assert_allclose(arrays[series["ms"]] / 1000, seconds, atol=6e-4)


def test_the_same_logs_give_the_same_bytes(example: str, tmp_path: Path) -> None:
    again = report(LOGS, tmp_path / "again.html", title="examples")
    assert again.read_text("utf-8") == example


def test_nothing_is_fetched_and_only_our_scripts_may_run(example: str) -> None:
    shell = re.sub(r"<script.*?</script>", "", example, flags=re.DOTALL)
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", shell)
    first, script = re.findall(r"<script>(.*?)</script>", example, re.DOTALL)
    (packed,) = re.findall(r'<script type="text/plain" id="plotly">(.*?)</script>', example)
    scripts = [first, script, zlib.decompress(base64.b64decode(packed)).decode("utf-8")]
    hashes = [base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in scripts]
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', example)
    assert policy is not None
    assert set(re.findall(r"'sha256-([^']*)'", policy[1])) == set(hashes)
    assert "default-src 'none'" in policy[1]
    assert "unsafe-eval" not in policy[1]
    assert "connect-src" not in policy[1]
    assert "frame-src" not in policy[1]  # only a page that is written anew looks at itself


def test_the_page_says_where_it_comes_from(example: str) -> None:
    page = page_of(example)
    files = {path.relative_to(LOGS).as_posix() for path in LOGS.rglob("*tfevents*")}
    assert page["provenance"][:2] == [
        f"Made by tbtools {tbtools.__version__} from 11 event files (716 kB). All times are UTC.",
        "Restarts: policy resume; 319 points superseded by later writer sessions, not shown.",
    ]
    *_, read = page["provenance_tables"]
    assert read["title"] == "Files read"
    assert {file for _, file, _, _ in read["rows"]} == files
    superseded = {run["name"]: run["superseded"] for run in page["runs"]}
    assert superseded["resumed"] == tbtools.load(LOGS)["resumed"].superseded > 0


def test_damage_is_told_with_its_place(tmp_path: Path) -> None:
    builder = EventFileBuilder().file_version().scalar("loss", 1, 0.5).scalar("loss", 2, 0.4)
    builder.corrupt_data_crc().scalar("loss", 3, 0.3).write(tmp_path / "logs" / "tfevents.1")
    page = page_of(report(tmp_path / "logs", tmp_path / "r.html").read_text("utf-8"))
    (problem,) = page["runs"][0]["problems"]
    assert problem["kind"] == "bad_data"
    assert problem["offset"] == builder.offsets[2]
    assert problem["file"] == "tfevents.1"


def test_findings_are_those_of_detect(example: str) -> None:
    page = page_of(example)
    told = [
        (each["run"], each["tag"], each["kind"], each["onset_step"])
        for cause in page["findings"]
        for each in cause["findings"]
    ]
    found = detect(tbtools.load(LOGS))
    assert sorted(told) == sorted((f.run, f.tag, f.kind, f.onset_step) for f in found)
    severities = [cause["severity"] for cause in page["findings"]]
    assert severities == sorted(severities, key=["error", "warning", "info"].index)


def test_numbers_come_from_all_points_of_a_thinned_series(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    values = (2 + random.standard_normal(9000)).astype(np.float32)
    values[4567] = -40.0
    values[77] = np.nan
    write_scalars(tmp_path / "logs", "loss", values)
    html = report(tmp_path / "logs", tmp_path / "r.html").read_text("utf-8")
    (series,) = page_of(html)["series"]
    assert series["n"] == 9000
    assert len(arrays_of(html)[series["value"]]) < 2100
    greatest = int(np.nanargmax(values))
    last, least, most, *counts = series["row"]
    assert least == "-40 at 4,567"
    assert most == f"{values[greatest]!s} at {greatest:,}"
    assert np.float32(last) == values[-1]
    assert counts == ["1", "9,000", f"{len(arrays_of(html)[series['value']]):,}"]


def test_a_page_of_very_many_series_stays_within_its_points(tmp_path: Path) -> None:
    builder = EventFileBuilder().file_version()
    for step in range(300):
        builder.scalar("loss", step, float(step % 17))
    for run in range(12):
        builder.write(tmp_path / "logs" / f"run{run}" / "tfevents.1")
    html = report(tmp_path / "logs", tmp_path / "r.html").read_text("utf-8")
    assert all(series["n"] == 300 for series in page_of(html)["series"])
    assert all("gap" not in series for series in page_of(html)["series"])


def test_the_objectives_that_compare_the_runs(example: str) -> None:
    page = page_of(example)
    assert objectives_of(page) == [
        ("val/accuracy", "max"),
        ("val/loss", "min"),
        ("train/loss", "min"),
    ]
    summary = summarize(tbtools.load(LOGS))
    columns = {page["tags"][each["tag"]]["tag"]: each for each in page["objectives"]}
    of_columns = [run for run in summary.runs if run.objective and run.objective.tag in columns]
    assert len(of_columns) == 5
    for run in of_columns:
        number = summary.runs.index(run)
        (cell,) = [each for each in columns[run.objective.tag]["cells"] if each["run"] == number]
        assert (cell["best"], cell["best_step"]) == (run.objective.best, run.objective.best_step)
        assert float(cell["best_text"]) == run.objective.to_dict()["best"]
    assert page["runs"][columns["val/loss"]["leader"]]["name"] == "baseline"


def test_an_objective_can_be_overridden(tmp_path: Path) -> None:
    write_scalars(tmp_path / "logs", "score/distance", np.linspace(3, 1, 40))
    path = report(tmp_path / "logs", tmp_path / "r.html", objectives={"score/*": "min"})
    assert objectives_of(page_of(path.read_text("utf-8"))) == [("score/distance", "min")]


def test_tags_and_steps_select(tmp_path: Path) -> None:
    html = report(
        LOGS, tmp_path / "r.html", tags=["train/*", "weights/*"], steps=(100, 500)
    ).read_text("utf-8")
    page, arrays = page_of(html), arrays_of(html)
    assert {each["tag"] for each in page["tags"]} == {"train/loss", "train/accuracy"}
    assert page["images"] == page["text"] == []
    assert {each["tag"] for each in page["histograms"]} == {"weights/encoder", "weights/head"}
    assert page["histograms"][0]["steps"] == [100, 200, 300, 400, 500]
    for series in page["series"]:
        steps = arrays[series["step"]]
        assert 100 <= steps.min() <= steps.max() <= 500


def test_seeds_become_groups_whose_mean_is_that_of_pandas(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    curves = {}
    for config in ("small", "large"):
        for seed in range(3):
            name = f"{config}/seed_{seed}"
            curves[name] = (random.standard_normal(60) + seed).astype(np.float32)
            write_scalars(tmp_path / "logs" / name, "loss", curves[name])
    html = report(tmp_path / "logs", tmp_path / "r.html").read_text("utf-8")
    page, arrays = page_of(html), arrays_of(html)
    assert [group["name"] for group in page["groups"]] == ["large", "small"]
    frame = pd.DataFrame(curves)
    for series in page["group_series"]:
        name = page["groups"][series["group"]]["name"]
        members = frame[[column for column in frame if column.startswith(name)]]
        np.testing.assert_allclose(arrays[series["value"]], members.mean(axis=1), rtol=1e-6)
        np.testing.assert_allclose(arrays[series["spread"]], members.std(axis=1), rtol=1e-5)


def test_groups_can_be_told(tmp_path: Path) -> None:
    for name in ("a1", "a2", "b1", "b2"):
        write_scalars(tmp_path / "logs" / name, "loss", np.linspace(1, 0, 20))
    html = report(tmp_path / "logs", tmp_path / "r.html", group=["a*", "b*"]).read_text("utf-8")
    assert [group["runs"] for group in page_of(html)["groups"]] == [[0, 1], [2, 3]]


def test_names_of_strangers_are_data_and_nothing_else(tmp_path: Path) -> None:
    html = report(write_hostile_logs(tmp_path / "logs"), tmp_path / "r.html").read_text("utf-8")
    page = page_of(html)
    assert {run["name"] for run in page["runs"]} == set(HOSTILE_RUNS)
    assert set(HOSTILE_TAGS) <= {tag["tag"] for tag in page["tags"]}
    assert html.count("</script>") == 5
    assert "window.pwned" not in re.sub(
        r'<script type="application/json".*?</script>', "", html, flags=re.DOTALL
    )
    for series in page["text"]:
        for text in series["items"]:
            assert set(re.findall(r"<\s*(\w+)", text)) <= {"p", "a"}
            assert re.findall(r'href="([^"]*)"', text) == ["http://evil.example/x.png"]
    undecodable = [text for each in page["images"] for text in each.get("undecodable", [])]
    assert any("no known picture" in text for text in undecodable)


def test_hyperparameters_that_cannot_be_decoded_are_named(tmp_path: Path) -> None:
    broken = EventFileBuilder().value("_hparams_/x", 0, plugin="hparams", content=b"\xff")
    broken.scalar("loss", 0, 1.0).write(tmp_path / "logs" / "broken" / "tfevents.1")
    with tbtools.EventFileWriter(tmp_path / "logs" / "sound") as writer:
        writer.add_hparams({"lr": 0.5})
    hparams = page_of(report(tmp_path / "logs", tmp_path / "page.html").read_text("utf-8"))[
        "hparams"
    ]
    assert hparams["runs"] == [1]
    assert hparams["undecodable"] == [
        "run broken: '_hparams_/x' at step 0: no hparams message in 1 byte"
    ]


@pytest.mark.parametrize("writer", [TorchWriter, tensorboardX.SummaryWriter])
def test_what_add_hparams_has_written_belongs_to_the_run_that_it_was_called_in(
    tmp_path: Path, writer: Callable[..., TorchWriter]
) -> None:
    for number, rate in enumerate((0.1, 0.1, 0.5)):
        with writer(str(tmp_path / "logs" / f"run_{number}")) as log:
            for step in range(9):
                log.add_scalar("loss", 1 / (1 + step + number), step)
            log.add_hparams({"lr": rate, "decay": 0.1 * (1.4 + number)}, {"accuracy": 0.75})
    logs = tmp_path / "logs"
    page = page_of(report(logs, tmp_path / "all.html", group="hparam:lr").read_text("utf-8"))
    names = [run["name"] for run in page["runs"]]
    assert names == list(tbtools.load(logs))
    assert len(names) == 6
    assert [names[run] for run in page["hparams"]["runs"]] == ["run_0", "run_1", "run_2"]
    axes = {axis["name"]: axis for axis in page["hparams"]["axes"]}
    rate, loss = axes["lr"], axes["loss"]
    assert list(rate["texts"].values()) == ["0.1", "0.1", "0.5"]
    assert list(loss["texts"].values()) == ["0.11111111", "0.1", "0.09090909"]
    assert [text for _, text in rate["ticks"]] == ["0.1", "0.5"]
    # 0.1 * 1.4 is 0.13999999999999999: there is room for few letters.
    assert [text for _, text in axes["decay"]["ticks"]] == ["0.14", "0.24", "0.34"]
    assert axes["accuracy"]["texts"] == dict.fromkeys(rate["texts"], "0.75")
    assert [[names[run] for run in group["runs"]] for group in page["groups"]] == [
        ["run_0", "run_1"], ["run_2"],
    ]  # fmt: skip
    # Whichever runs are shown.
    chosen = tbtools.load(logs, runs=["run_0", "run_2"])
    page = page_of(report(chosen, tmp_path / "some.html").read_text("utf-8"))
    assert page["hparams"]["runs"] == [0, 1]
    (session,) = [name for name in names if name.startswith("run_0/")]
    alone = tbtools.load(logs, runs=session)
    page = page_of(report(alone, tmp_path / "one.html").read_text("utf-8"))
    assert page["hparams"]["runs"] == [0]


def test_runs_inside_a_trial_have_its_hyperparameters(tmp_path: Path) -> None:
    # As Keras writes them: the trial's directory has the hyperparameters, those in it the curves.
    for number, rate in enumerate((0.1, 0.5)):
        trial = tmp_path / "logs" / f"run-{number}"
        with tbtools.EventFileWriter(trial) as writer:
            writer.add_hparams({"lr": rate})
        for name in ("train", "validation"):
            builder = EventFileBuilder().scalars("epoch_loss", [(0, 2.0), (1, 1.0 + number)])
            builder.write(trial / name / "events.out.tfevents.1")
    page = page_of(report(tmp_path / "logs", tmp_path / "page.html").read_text("utf-8"))
    names = [run["name"] for run in page["runs"]]
    assert [names[run] for run in page["hparams"]["runs"]] == [
        "run-0/train", "run-0/validation", "run-1/train", "run-1/validation",
    ]  # fmt: skip
    loss, rate = page["hparams"]["axes"]
    assert (rate["name"], list(rate["texts"].values())) == ("lr", ["0.1", "0.1", "0.5", "0.5"])
    assert list(loss["texts"].values()) == ["1", "1", "2", "2"]


def test_pictures_are_limited_by_number_and_size_and_it_is_said(tmp_path: Path) -> None:
    builder = EventFileBuilder().file_version()
    for step in range(100):
        builder.image("sample", step, TINY_PNG)
    builder.write(tmp_path / "logs" / "tfevents.1")
    few = page_of(report(tmp_path / "logs", tmp_path / "few.html").read_text("utf-8"))
    (series,) = few["images"]
    assert series["n"] == 100
    assert len(series["steps"]) == 12
    assert {series["steps"][0], series["steps"][-1]} == {0, 99}
    none = report(tmp_path / "logs", tmp_path / "none.html", media_bytes=2 * len(TINY_PNG))
    page = page_of(none.read_text("utf-8"))
    assert len(page["images"][0]["steps"]) == 2
    assert page["refused"] == 10


def test_histograms_in_equal_bins_keep_their_mass(example: str) -> None:
    page, arrays = page_of(example), arrays_of(example)
    (series,) = [each for each in page["histograms"] if each["tag"] == "weights/head"]
    density = arrays[series["density"]].reshape(len(series["steps"]), series["bins"])
    assert (density.max(axis=1) == 255).all()
    centres = series["low"] + (np.arange(series["bins"]) + 0.5) * (
        (series["high"] - series["low"]) / series["bins"]
    )
    mean = (density * centres).sum(axis=1) / density.sum(axis=1)
    spread = np.sqrt((density * (centres - mean[:, None]) ** 2).sum(axis=1) / density.sum(axis=1))
    np.testing.assert_allclose(mean, 0, atol=0.004)  # normal(0, 0.05), 5,000 values
    np.testing.assert_allclose(spread, 0.05, rtol=0.06)
    quantiles = arrays[series["quantiles"]].reshape(-1, 9)
    frame = tbtools.load(LOGS)["media"].distributions("weights/head")
    np.testing.assert_allclose(quantiles, frame.filter(like="bp"), rtol=1e-6)


def test_an_existing_file_is_kept_unless_told(tmp_path: Path) -> None:
    (tmp_path / "r.html").write_text("mine")
    with pytest.raises(OutputExists):
        report(LOGS, tmp_path / "r.html")
    assert (tmp_path / "r.html").read_text() == "mine"
    report(LOGS, tmp_path / "r.html", force=True)
    assert "mine" not in (tmp_path / "r.html").read_text("utf-8")[:100]


def test_plotly_beside_the_page_is_shared(tmp_path: Path) -> None:
    for name in ("a.html", "b.html"):
        path = report(LOGS, tmp_path / name, plotlyjs="directory")
        assert path.stat().st_size < 500_000
        assert f'<script src="{PLOTLY_FILE}">' in path.read_text("utf-8")
    # What `npm view plotly.js-cartesian-dist-min@4.1.1` vouches for has this file in it.
    digest = hashlib.sha256((tmp_path / PLOTLY_FILE).read_bytes()).hexdigest()
    assert digest == "79542150855a52c567260e3137095dbe2b744e6d702a5cabe67da246942fba7a"


def test_plotly_from_its_makers_server_is_checked_by_its_hash(tmp_path: Path) -> None:
    html = report(LOGS, tmp_path / "r.html", plotlyjs="cdn").read_text("utf-8")
    element = re.search(r'<script src="(https://cdn[^"]*)" integrity="sha256-[^"]+"', html)
    assert element is not None
    assert element[1] in html.split("script-src")[1].split(";")[0]
    assert len(html) < 500_000
    told = re.search(r"\(cartesian - minified\) v([0-9.]+)", plotly_js())
    assert told is not None
    assert element[1].endswith(f"-cartesian-{told[1]}.min.js")


@pytest.mark.parametrize("options", [{"smoothing": 1.5}, {"plotlyjs": "none"}])
def test_what_there_cannot_be_is_refused_before_anything_is_read(
    tmp_path: Path, options: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match=str(next(iter(options)))):
        report(tmp_path / "nowhere", tmp_path / "r.html", **options)  # type: ignore[arg-type]


def test_a_run_can_be_reported(tmp_path: Path) -> None:
    run = tbtools.load(LOGS)["baseline"]
    page = page_of(report(run, tmp_path / "r.html").read_text("utf-8"))
    assert [each["name"] for each in page["runs"]] == ["baseline"]


@pytest.mark.corpus
def test_every_folder_of_the_corpus_that_holds_a_value_makes_a_page(
    corpus: Path, tmp_path: Path
) -> None:
    folders = [path for path in sorted(corpus.iterdir()) if path.is_dir()]
    for number, folder in enumerate(folders):
        if not any(run.points for run in summarize(folder).runs):
            with pytest.raises(tbtools.InvalidArgument, match="no values"):
                report(folder, tmp_path / "nothing.html")
            continue
        path = report(folder, tmp_path / f"{number}.html", plotlyjs="directory")
        html = path.read_text("utf-8")
        arrays = arrays_of(html)
        for series in page_of(html)["series"]:
            assert len(arrays[series["value"]]) == len(arrays[series["step"]])


def test_a_diff_has_the_difference_of_each_pair_of_curves(tmp_path: Path) -> None:
    experiment = tbtools.load(LOGS)
    a, b = experiment["baseline"], experiment["plateau"]
    result = diff(a, b)
    html = diff_report(result, a, b, tmp_path / "d.html", plotlyjs="cdn").read_text("utf-8")
    page, arrays = page_of(html), arrays_of(html)
    assert [run["name"] for run in page["runs"]] == ["baseline", "plateau"]
    (pair,) = page["diff"]["pairs"]
    assert ["lr", " 0.001 → 2e-05"] in pair["hparams"]
    told = {tag["tag"]: tag for tag in pair["tags"]}
    wide = [run.scalars("train/loss").set_index("step")["value"] for run in (a, b)]
    np.testing.assert_array_equal(arrays[told["train/loss"]["step"]], wide[0].index)
    np.testing.assert_allclose(
        arrays[told["train/loss"]["value"]], wide[1] - wide[0], rtol=1e-6, atol=1e-7
    )
    assert told["train/loss"]["verdict"] == "worse"


def test_runs_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for side in ("monday", "tuesday"):
        for run in ("x", "y"):
            write_scalars(tmp_path / side / run, "loss", np.linspace(1, len(side) / 10, 30))
    a, b = (tbtools.load(tmp_path / side) for side in ("monday", "tuesday"))
    html = diff_report(diff(a, b), a, b, tmp_path / "d.html", plotlyjs="cdn").read_text("utf-8")
    page = page_of(html)
    assert [run["name"] for run in page["runs"]] == ["x (a)", "y (a)", "x (b)", "y (b)"]
    assert [(pair["a"], pair["b"]) for pair in page["diff"]["pairs"]] == [
        ("x (a)", "x (b)"), ("y (a)", "y (b)"),
    ]  # fmt: skip
