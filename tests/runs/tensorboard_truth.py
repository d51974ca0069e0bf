"""What TensorBoard's two backends show of a log directory, every sample kept."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, NamedTuple

import tensorboard_data_server
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.data import server_ingester
from tensorboard.data.proto import data_provider_pb2
from tensorboard.util import grpc_util

if TYPE_CHECKING:
    from pathlib import Path


class Point(NamedTuple):
    step: int
    wall_time: float
    value: float


RunPoints = dict[str, list[Point]]


def rust_scalars(logdir: Path, scratch: Path) -> dict[str, RunPoints]:
    """The scalars that the data server shows, by run and tag.

    Runs without scalars are left out. The server knows float32 only: simple values, and tensors of
    rank 0.
    """
    port_file = scratch / "port"
    command = [
        tensorboard_data_server.server_binary(),
        f"--logdir={logdir}",
        f"--port-file={port_file}",
        "--port=0",
        "--reload=once",
        "--samples-per-plugin=scalars=all",
        "--checksum",
        "--verbose",
        "--die-after-stdin",
    ]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stderr is not None
        for line in server.stderr:
            if "Finished load cycle" in line:
                break
        else:
            raise RuntimeError("the data server ended before it had read the log directory")
        answer = _ask(port_file.read_text().strip())
        server.stdin.close()
    return {
        run.run_name: {
            tag.tag_name: [
                Point(*point)
                for point in zip(tag.data.step, tag.data.wall_time, tag.data.value, strict=True)
            ]
            for tag in run.tags
        }
        for run in answer.runs
    }


def _ask(port: str) -> data_provider_pb2.ReadScalarsResponse:
    stub = server_ingester._make_stub(f"localhost:{port}", grpc_util.ChannelCredsType.LOCAL)
    request = data_provider_pb2.ReadScalarsRequest()
    request.plugin_filter.plugin_name = "scalars"
    request.downsample.num_points = 2**40
    return stub.ReadScalars(request)


def accumulated(run_directory: Path) -> event_accumulator.EventAccumulator:
    """An EventAccumulator that has read a run, and thins nothing out."""
    every_sample = dict.fromkeys(event_accumulator.DEFAULT_SIZE_GUIDANCE, 0)
    return event_accumulator.EventAccumulator(str(run_directory), every_sample).Reload()


def accumulator_scalars(run_directory: Path) -> RunPoints:
    """The scalars that EventAccumulator shows, by tag: simple values; to it, tensors are none."""
    events = accumulated(run_directory)
    return {
        tag: [Point(event.step, event.wall_time, event.value) for event in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    }
