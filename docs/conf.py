"""How the site is built: make docs."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import msim  # noqa: E402

project = "msim"
author = "msim"
copyright = "the authors of msim"
release = version = msim.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "_ext.site"]
exclude_patterns = ["_build", "_ext", "**.ipynb_checkpoints"]
# Notebooks are stored without what they show. A page that did not change is not read, and so not run, again.
nb_execution_mode = "force"
nb_execution_timeout = 300
nb_execution_raise_on_error = True
os.environ["PYTHONPATH"] = str(HERE.parent / "notebooks")  # of the kernels: what notebooks share
# Widgets need a kernel: the page shows the text that stands for them.
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]
nb_ipywidgets_js: dict[str, dict[str, str]] = {}
myst_enable_extensions = ["deflist", "dollarmath"]
myst_heading_anchors = 4
autodoc_typehints = "signature"
python_use_unqualified_type_names = True
autodoc_preserve_defaults = True
autodoc_class_signature = "separated"
autodoc_member_order = "bysource"
add_module_names = False
# Types of signatures are names of Python, numpy and xarray, or of modules that have no page.
nitpick_ignore_regex = [("py:.*", ".*")]
suppress_warnings = ["toc.empty_glob"]  # a checkout without notebooks

highlight_language = "none"
html_theme = "pydata_sphinx_theme"
html_title = "msim"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_context = {"default_mode": "auto"}
html_theme_options = {
    "show_prev_next": True,
    "navbar_align": "left",
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "navigation_depth": 2,
    "show_toc_level": 2,
}
