r"""The programme file: a community's programme as TOML that people can read, and the way from and to a definition.

The file is a proposal. Adopting its definition writes what changed; nothing reads the file afterwards.

>>> for problem in check("zone = 'Asia/Shanghai'\nrun_by_one = 'founder'\nteam = []"):
...     print(problem)
the file: has no key 'name'. Add name = "...".
line 3, team = []: is an unknown key. Did you mean 'teams'?
"""

from volunteer_points.programme_file.problems import Problem, ProgrammeFileInvalid
from volunteer_points.programme_file.reading import check, load, loads, look_over
from volunteer_points.programme_file.schema import schema
from volunteer_points.programme_file.writing import dumps

__all__ = ["Problem", "ProgrammeFileInvalid", "check", "dumps", "load", "loads", "look_over", "schema"]
