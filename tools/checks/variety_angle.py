"""Classes photographed from one side or height only, and whether errors gather at some camera angle.

Read by a text tower; without one the angle of a camera cannot be told from how the things in front of it differ.
"""

from tools.case import Case
from tools.concept_modes import concept_partitions
from tools.findings import Scope
from tools.registry import Findings
from tools.variety_findings import report

CODE = "variety-angle"


def check(case: Case, scope: Scope) -> Findings:
    """Report errors that gather at a camera angle, and classes that lack an angle that others have."""
    partitions = concept_partitions(case, "camera_angle", "the camera's angle", narrow=True)
    return (yield from report(case, scope, CODE, partitions))
