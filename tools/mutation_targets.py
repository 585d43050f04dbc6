"""What `tools/mutate.py` mutates: the modules that decide, each with the tests that run after the module's own file."""

from __future__ import annotations

from pathlib import PurePosixPath

_NORMALIZE, _VECTORS = "core/test_normalize", "test_vectors"
_INTERCEPT, _REWRITE = "middleware/test_interception", "adapters/test_rewrite"

MODULES: dict[str, tuple[str, ...]] = {
    "_client.cooldown": (),
    "_core.build": (_NORMALIZE, "core/test_problem", "core/test_members", "core/test_retry", _INTERCEPT, _VECTORS),
    "_core.cache": (_NORMALIZE, "core/test_cache_keys", _VECTORS),
    "_core.classify": ("core/test_classify_decisions", _NORMALIZE, _INTERCEPT, "test_seeds", _VECTORS),
    "_core.disclosure": (_NORMALIZE, "middleware/test_disclosure_evasion", _INTERCEPT, _REWRITE),
    "_core.evidence": (
        "core/test_classify",
        "core/test_classify_senders",
        "core/test_context",
        "core/test_classify_decisions",
    ),
    "_core.header_rules": ("core/test_header_rules", "core/test_classify_decisions"),
    "_core.links": (_NORMALIZE, _VECTORS),
    "_core.lossless": ("core/test_members", "core/test_problem", _VECTORS),
    "_core.members": (_NORMALIZE, "core/test_problem", _VECTORS, "test_privacy"),
    "_core.prepare": ("core/test_cache", "core/test_cache_keys", "core/test_template", _INTERCEPT),
    "_core.normalizer": ("core/test_cache", "core/test_disclosure", _INTERCEPT, _VECTORS),
    "_core.problem": (
        *("core/test_wire", "core/test_problem_in_logs", "client/test_predicates", _NORMALIZE),
        *("core/test_members", _INTERCEPT, _VECTORS),
    ),
    "_core.refine": ("registry/test_sentences", "core/test_classify"),
    "_core.retry": (_NORMALIZE, _INTERCEPT, _VECTORS),
    "_core.sentences": ("core/test_refine", "registry/test_sentences"),
    "_core.template": (_NORMALIZE, "core/test_cache", "core/test_disclosure", _INTERCEPT),
    "_middleware.interception": (
        *("middleware/test_report", "middleware/test_scopes", "core/test_normalize", "core/test_retry"),
        *("core/test_disclosure", _REWRITE, "adapters/test_events", "adapters/test_scope", "adapters/test_wsgi"),
    ),
    "_middleware.options": (_INTERCEPT, "adapters/test_scope"),
    "_middleware.report": ("middleware/test_events", _INTERCEPT, "adapters/test_events"),
    "_middleware.response_headers": (_INTERCEPT, "core/test_retry", _REWRITE),
    "_middleware.scopes": (_INTERCEPT, "middleware/test_report", "adapters/test_scope"),
    "_registry.concepts": ("registry/test_phrases", "registry/test_sentences", "core/test_refine"),
    "_registry.index": ("registry/test_registry", "core/test_classify", _NORMALIZE, _VECTORS),
    "_registry.load": ("registry/test_registry", "registry/test_index", _NORMALIZE, _VECTORS),
    "_registry.phrases": (
        "registry/test_phrase_rules",
        "registry/test_sentences",
        "core/test_refine",
        "core/test_classify",
    ),
    "_registry.registry": (
        *("registry/test_index", "registry/test_texts", "core/test_classify", "core/test_disclosure"),
        *(_NORMALIZE, _VECTORS),
    ),
    "_registry.surfaces": ("registry/test_registry", "core/test_disclosure", "middleware/test_disclosure_evasion"),
    "_registry.texts": ("registry/test_registry", "registry/test_index", "core/test_members", _NORMALIZE, _VECTORS),
    "_registry.validate": ("registry/test_registry", "registry/test_lint"),
    "_upstream.challenge": ("core/test_classify", "core/test_problem", _NORMALIZE),
    "_upstream.codings": (_NORMALIZE, _INTERCEPT),
    "_upstream.headers": ("core/test_problem", "core/test_classify", "core/test_retry", _INTERCEPT),
    "_upstream.idx": ("upstream/test_shapes", "core/test_classify", _NORMALIZE, _VECTORS),
    "_upstream.media_types": ("core/test_classify", _INTERCEPT, _REWRITE),
    "_upstream.pages": ("core/test_classify",),
    "_upstream.redirect": ("core/test_classify", "core/test_problem", _INTERCEPT),
    "_upstream.shapes": ("core/test_classify", "test_seeds", _NORMALIZE, _VECTORS),
}
"""Modules of the package, and the test files (without `tests/` and `.py`) that run as long as no test has failed."""


def source_of(module: str) -> str:
    """Return the path of a module's file, such as `src/authproblem/_core/retry.py`."""
    return f"src/authproblem/{module.replace('.', '/')}.py"


def tests_of(module: str) -> list[str]:
    """Return the paths of the test files of a module: first its own, which mirrors its path, then the others."""
    package, _, name = module.rpartition(".")
    own = PurePosixPath(package.lstrip("_")) / f"test_{name}"
    return [f"tests/{path}.py" for path in dict.fromkeys((str(own), *MODULES[module]))]
