"""Logs written anew: other names, other steps, fewer tags, and all else byte for byte."""

from tbtools.analysis.edit.plan import edit
from tbtools.analysis.edit.results import Asset, Edit, FileEdit, PluginEdit, TagEdit

__all__ = ["Asset", "Edit", "FileEdit", "PluginEdit", "TagEdit", "edit"]
