"""Builds the compiled loops; everything else is in pyproject.toml."""

from Cython.Build import cythonize
from setuptools import Extension, setup

scan = Extension(
    "tbtools.eventfile._scan",
    ["tbtools/eventfile/_scan.pyx"],
    depends=["tbtools/eventfile/_crc32c.h"],
    optional=True,  # without a compiler the package installs with the slow scan, and says so
)
ema = Extension(
    "tbtools.analysis._ema",
    ["tbtools/analysis/_ema.pyx"],
    extra_compile_args=["-ffp-contract=off"],  # a fused multiply-add would round differently
    optional=True,
)
setup(ext_modules=cythonize([scan, ema], language_level=3))
