"""The path of one response: classify it, build the problem, write it. Pure: no I/O, no events, no clock."""
