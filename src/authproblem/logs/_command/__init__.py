"""`python -m authproblem logs`: classify log events of Okta and Auth0 in files and streams.

Reads JSON lines, arrays and pretty-printed JSON, plain or compressed (gzip, zstd), in files or on standard input;
events may be inside envelopes, such as EventBridge, CloudWatch or Elastic's documents. Writes every line as it
came, with the meaning of a failure added; --only-failures leaves the other lines out, --summary counts instead.
"""

from __future__ import annotations

from authproblem.logs._command._arguments import add_arguments
from authproblem.logs._command._run import run

__all__ = ["add_arguments", "run"]
