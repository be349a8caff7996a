"""No thread may be the first that decodes a struct while another one is."""

import os
import subprocess
import sys
from pathlib import Path

INCLUDE = Path(__file__).parents[2] / "include"
SCRIPT = """
import importlib, pkgutil, sys
import msgspec
from msgspec import _utils
import devhealth
from devhealth.models.structs import work_out_all

for module in pkgutil.walk_packages(devhealth.__path__, "devhealth."):
    if ".alembic" not in module.name and not module.name.endswith("__main__"):
        importlib.import_module(module.name)
from devhealth.models.git_pages import GitState
from devhealth.models.github_prs_pages import PullRequestsState

calls = []
def note(frame, event, argument):
    if event == "call" and frame.f_code is _utils.get_class_annotations.__code__:
        calls.append(frame)
if sys.argv[1] == "beforehand":
    work_out_all()
sys.setprofile(note)
for kind in (GitState, PullRequestsState):
    msgspec.json.Decoder(kind)
sys.setprofile(None)
print(len(calls))
"""


def calls(when):
    environ = os.environ | {"PYTHONPATH": str(INCLUDE)}
    run = subprocess.run([sys.executable, "-c", SCRIPT, when], capture_output=True, text=True, check=True, env=environ)
    return int(run.stdout)


def test_structs_that_were_worked_out_are_not_again():
    assert calls("never") > 0
    assert calls("beforehand") == 0
