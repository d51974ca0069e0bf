"""`tbtools mcp`: answers coding agents."""

from __future__ import annotations

import errno
import os
import sys

import click

from tbtools.cli.options import paths_argument


@click.command("mcp")
@paths_argument
def command(paths: tuple[str, ...]) -> int:
    """Answers coding agents about logs (Model Context Protocol).

    An agent starts it and speaks with it over standard input and output. It can list runs,
    summarize, detect, explain, diff, rank them and read curves; each number comes with its step
    and file, and it is told what was thinned, what is damaged and what was left out. Nothing
    outside of the PATHs is read, and no log is written to. It needs the extra `mcp`.

    \b
    Examples:
      tbtools mcp logs/
      claude mcp add tbtools -- tbtools mcp /data/logs
    """
    from tbtools.eventfile.source import NamedErrors, source_of
    from tbtools.render.extras import require_packages
    from tbtools.render.mcp.confined import Roots

    require_packages("tbtools mcp", "mcp", "mcp", "tsdownsample")
    roots = Roots(paths)
    for path in roots.paths:
        with NamedErrors(path):
            source_of(path).stat(path)
    from tbtools.render.mcp.server import serve

    for name, stream in (("standard input", sys.stdin), ("standard output", sys.stdout)):
        if stream is None:  # closed by the caller
            raise OSError(errno.EBADF, os.strerror(errno.EBADF), name)
    if sys.stdin.isatty():
        click.echo("waits for an agent on standard input; ends with it (Ctrl-D)", err=True)
    serve(roots)
    return 0
