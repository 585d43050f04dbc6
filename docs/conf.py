"""Configuration of the documentation site (Sphinx, MyST and Furo)."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import authproblem  # noqa: E402
from docs.site_extension import setup as setup  # noqa: E402, PLC0414 - Sphinx looks for `setup` in this module

project = "authproblem"
author = "authproblem contributors"
copyright = "authproblem contributors"  # noqa: A001 - the name that Sphinx reads
version = release = authproblem.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns: list[str] = []
default_role = "code"  # docstrings are written with single backticks

myst_enable_extensions = ["colon_fence", "fieldlist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_class_signature = "separated"
napoleon_numpy_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = "authproblem"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_baseurl = os.environ.get("SITE_URL", "")
html_copy_source = False
html_show_sphinx = False
html_theme_options: dict[str, Any] = {
    "light_css_variables": {"color-brand-primary": "#0b57b7", "color-brand-content": "#0b57b7"},
    "dark_css_variables": {"color-brand-primary": "#8cbcff", "color-brand-content": "#8cbcff"},
}
