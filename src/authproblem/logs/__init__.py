"""The provider's own side of an error: log events of Okta and Auth0 in the vocabulary of the registry.

```python
from authproblem.logs import classify_event

found = classify_event(event)
if found is not None:
    print(found.reason, found.owner, found.remedy, found.attack)
```
The command line has the same for files and streams: `python -m authproblem logs`.
"""

from __future__ import annotations

from authproblem.logs._classify import attack_signal, classify_event, events_in
from authproblem.logs._join import find_in
from authproblem.logs._model import AttackSignal, LogClassification, LogMatch

__all__ = ["AttackSignal", "LogClassification", "LogMatch", "attack_signal", "classify_event", "events_in", "find_in"]
