"""Outcomes of known errors, filled into templates: the second and every further response of the same kind.

No rule belongs here. What is sent was built on the usual path once; a template decides whether it fits a response.
"""

from __future__ import annotations

from authproblem._core.build import build_problem
from authproblem._core.cache import CachedResponse
from authproblem._core.context import RequestContext
from authproblem._core.disclosure import error_id, fold, is_sign_in
from authproblem._core.links import may_have_link
from authproblem._core.outcome import Outcome
from authproblem._core.policy import Policy
from authproblem._core.template import PreparedProblem, ResponseTemplate, can_prepare
from authproblem._model import Classification, Json
from authproblem._upstream.headers import PLAIN_JSON
from authproblem._upstream.response import UpstreamResponse


def is_preparable(policy: Policy, found: Classification, document: Json) -> bool:
    """Whether a template can be made for an error: no option calls the app, and no member changes more."""
    return (
        policy.texts == "known"
        and policy.pass_text is None
        and can_prepare(document)
        and not may_have_link(policy.registry, document)
        and not policy.registry.entry_or_type(found.entry, found.reason).pass_text
        and (policy.flow_control or found.reason not in policy.registry.flow_types)
    )


def prepared_outcome(
    policy: Policy, cached: CachedResponse, response: UpstreamResponse, context: RequestContext, instance: str | None
) -> Outcome | None:
    """Return the outcome of a cached response; None if its template does not fit this one.

    Args:
        policy: the options.
        cached: what was found for a response of the same key; it can be prepared.
        response: the response.
        context: the request.
        instance: the URI of the occurrence.
    """
    template = cached.template or _make_template(policy, cached, response)
    if not template.applies_to(response.headers):
        return None
    actual = template.fill(response.load() or {}, response, context, instance)
    sent: PreparedProblem | None = actual
    if template.folds:
        sent = _folded(policy, template, actual, response, context)
        if sent is None:
            return None
    found = template.classification
    if cached.has_slots:
        found = cached.classification_of(response, policy.registry.shapes)
    return Outcome(found, sent, actual)


def _make_template(policy: Policy, cached: CachedResponse, response: UpstreamResponse) -> ResponseTemplate:
    """Make the template of a cached response: of the problem that a response without further headers gets."""
    found = cached.classification_of(response, policy.registry.shapes)
    plain = UpstreamResponse(response.status, PLAIN_JSON, response.body)
    problem = build_problem(found, plain, RequestContext(), policy)
    cached.template = template = ResponseTemplate(found, problem, cached.key, policy)
    return template


def _folded(
    policy: Policy,
    template: ResponseTemplate,
    actual: PreparedProblem,
    response: UpstreamResponse,
    context: RequestContext,
) -> PreparedProblem | None:
    """Return what is sent where the error may have to fold; None if that cannot be prepared."""
    registry, level, found = policy.registry, policy.disclosure, template.classification
    surface = registry.surface(found.provider, context.endpoint)
    if not is_sign_in(registry, found, surface, context.endpoint, level):
        return actual
    if surface not in template.folded and not _make_folded(policy, template, context):
        return None
    genuine, document = template.folded[surface]
    if not genuine.applies_to(response.headers):
        return None
    if "errorId" in document:
        document = {**document, "errorId": error_id(response.document)}
    return genuine.fill(document, response, context, actual.instance)


def _make_folded(policy: Policy, template: ResponseTemplate, context: RequestContext) -> bool:
    """Make the template of the genuine response; whether that can be done."""
    registry, found = policy.registry, template.classification
    surfaces = context.surfaces(registry)
    folded = fold(registry, found, surfaces, policy.disclosure)
    document = None if folded is None else folded.classification.upstream.document
    key = None if document is None else registry.shapes.parse_key(document)
    if folded is None or document is None or key is None or not can_prepare(document):
        return False
    plain = UpstreamResponse(folded.status, PLAIN_JSON, b"")
    problem = build_problem(folded.classification, plain, RequestContext(), policy)
    genuine = ResponseTemplate(folded.classification, problem, key, policy)
    template.folded[surfaces.find(found.provider)] = genuine, document
    return True
