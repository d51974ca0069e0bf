"""Builds the compiled loops; everything else is in pyproject.toml."""

from Cython.Build import cythonize
from setuptools import Extension, setup

scan = Extension(
    "tbtools.eventfile._scan",
    ["tbtools/eventfile/_scan.pyx"],
    depends=["tbtools/eventfile/_crc32c.h", "tbtools/eventfile/_repeat.h"],
)
ema = Extension(
    "tbtools.analysis._ema",
    ["tbtools/analysis/_ema.pyx"],
    extra_compile_args=["-ffp-contract=off"],  # a fused multiply-add would round differently
)
screen = Extension(
    "tbtools.analysis.detect._screen",
    ["tbtools/analysis/detect/_screen.pyx"],
    depends=[
        f"tbtools/analysis/detect/_{each}.pxi"
        for each in ("robust", "screen_rises", "screen_spikes", "screen_plateaus")
    ],
    extra_compile_args=["-ffp-contract=off"],
)
levels = Extension(
    "tbtools.analysis.detect._levels",
    ["tbtools/analysis/detect/_levels.pyx"],
    depends=["tbtools/analysis/detect/_robust.pxi"],
    extra_compile_args=["-ffp-contract=off"],
)
fits = Extension(
    "tbtools.analysis.detect._fits",
    ["tbtools/analysis/detect/_fits.pyx"],
    depends=["tbtools/analysis/detect/_robust.pxi"],
    extra_compile_args=["-ffp-contract=off"],
)
rows = Extension("tbtools.runs._rows", ["tbtools/runs/_rows.pyx"])
table_text = Extension(
    "tbtools.render._table_text",
    ["tbtools/render/_table_text.pyx"],
    depends=["tbtools/render/_decimal.h"],
    language="c++",
    extra_compile_args=["-std=c++17"],  # std::to_chars
)
exit_status = Extension("tbtools.cli._exit_status", ["tbtools/cli/_exit_status.pyx"])
extensions = [scan, ema, screen, levels, fits, rows, table_text, exit_status]
modules = cythonize(extensions, language_level=3)
for module in modules:
    # Without a compiler the package installs with the slow scan, and says so. cythonize makes new
    # extensions and forgets this about the old ones.
    module.optional = True
setup(ext_modules=modules)
