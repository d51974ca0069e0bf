"""`tbtools cache`: what is kept of earlier looks."""

from __future__ import annotations

import click

from tbtools.cli.ending import TROUBLE


@click.command("cache")
@click.option("--clear", is_flag=True, help="Remove it all.")
def command(clear: bool) -> int:
    """What is kept of earlier looks, so that the next one is fast: where, and how much.

    It can be removed at any moment. The environment variable TBTOOLS_CACHE names another directory,
    or says off; --no-cache of other commands leaves it alone for once.

    \b
    Examples:
      tbtools cache
      tbtools cache --clear
      TBTOOLS_CACHE=off tbtools summarize logs/
    """
    from tbtools.eventfile.index import cache
    from tbtools.render.terminal.cache import cache_line, cleared_line

    files = cache.cached_files()
    kept = cache.clear() if clear else files
    directory = cache.cache_directory()
    if not clear:
        click.echo(cache_line(directory, files))
        return 0
    click.echo(cleared_line(directory, files, kept))
    return TROUBLE if kept else 0
