"""Do once what Python and IPython prepare at its first use.

Imported before a fork, it is prepared in every forked process.
"""

from contextlib import redirect_stdout
from io import StringIO

from course.grading.border.shell import make_shell

with redirect_stdout(StringIO()):
    make_shell().run_cell("from IPython.display import HTML, display\ndisplay(HTML(''))")
    make_shell().reset()
