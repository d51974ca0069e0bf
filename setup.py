"""Builds the compiled scan; everything else is in pyproject.toml."""

from Cython.Build import cythonize
from setuptools import Extension, setup

scan = Extension(
    "tbtools.eventfile._scan",
    ["tbtools/eventfile/_scan.pyx"],
    depends=["tbtools/eventfile/_crc32c.h"],
    optional=True,  # without a compiler the package installs with the slow scan, and says so
)
setup(ext_modules=cythonize([scan], language_level=3))
