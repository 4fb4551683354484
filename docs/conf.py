"""How the site is built: ``make docs``. Nothing is fetched, and the pages ask for nothing from elsewhere."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]
for_kernels = [str(HERE.parent), str(HERE / "_ext"), os.environ.get("PYTHONPATH", "")]
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, for_kernels))

import sphinxcontrib.katex  # noqa: E402

from scratchnet import __version__  # noqa: E402

project = "scratchnet"
author = "scratchnet contributors"
copyright = "2026, scratchnet contributors, MIT License"
release = version = __version__
language = "en"

suppress_warnings = ["toc.empty_glob"]  # a table of contents may ask for pages that are not written yet

extensions = [
    *("myst_nb", "sphinx_design", "sphinx_copybutton", "sphinxcontrib.katex", "sphinxcontrib.typer"),
    *("sphinx.ext.autodoc", "sphinx.ext.napoleon"),
    *("literate", "docstrings", "repository", "explorer_page", "accessible", "patient_katex", "claims"),
]
exclude_patterns = ["_build", "_ext", "**/jupyter_execute", "reports/train.md", "examples"]

# Chapters are run from the beginning each time: a page shows what the code of today computes.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_execution_show_tb = True
nb_merge_streams = True
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "attrs_inline"]
myst_heading_anchors = 4
myst_links_external_new_tab = False

toc_object_entries_show_parents = "hide"
autodoc_member_order = "groupwise"
autodoc_typehints = "none"  # the docstrings say it in words, with shapes
autodoc_default_options = {"members": True, "show-inheritance": True}
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

# With Node.js the formulas are drawn while the site is built; without it by KaTeX's script, in the page.
katex_prerender = shutil.which("node") is not None
katex_css_path = "katex/katex.min.css"
sphinxcontrib.katex.STARTUP_TIMEOUT = sphinxcontrib.katex.RENDER_TIMEOUT = 60.0

html_theme = "pydata_sphinx_theme"
html_title = "scratchnet"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_context = {"default_mode": "auto"}
html_copy_source = False
html_show_sourcelink = False
html_sidebars = {"source/**": [], "explorer": [], "index": []}
html_theme_options = {
    "show_nav_level": 1,
    "show_toc_level": 2,
    "navigation_depth": 2,
    "header_links_before_dropdown": 6,
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "navbar_persistent": ["search-button"],
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
