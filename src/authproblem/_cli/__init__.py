"""The commands of `python -m authproblem`, one module each."""
