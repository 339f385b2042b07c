"""Grade a class: collect what students handed in, run it, judge it and record the results."""
