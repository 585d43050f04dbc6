"""Code for the front end, one statement or two for each remedy."""

from __future__ import annotations

import textwrap

from authproblem._cli.screen import glossary
from authproblem._core.problem import Problem

SNIPPETS = {
    "check_credentials": ["clearPassword();", "showError(problem.detail);"],
    "check_code": ["clearCode();", "showError(problem.detail);", "offerNewCode();"],
    "sign_in": ["dropSession();", "startSignIn({ returnTo: location.href });"],
    "sign_in_instead": ["showError(problem.detail);", "offerSignIn();"],
    "provide_mfa": ["showSecondFactor(problem.mfa_token ?? problem.stateToken ?? problem.stateHandle);"],
    "enroll_mfa": ["startEnrollment(problem.mfa_token ?? problem.stateToken ?? problem.stateHandle);"],
    "choose_other_factor": ["showError(problem.detail);", "showFactors();"],
    "step_up": ["startSignIn({ acrValues: problem.acr_values, maxAge: problem.max_age });"],
    "complete_challenge": ["showChallenge(problem);"],
    "give_consent": ["showError(problem.detail);", "offerConsent();"],
    "reset_password": ["showError(problem.detail);", "goTo('/reset-password');"],
    "choose_other_password": ["showPasswordError(problem.detail, problem.description?.rules ?? problem.policy);"],
    "unlock_account": ["showError(problem.detail);", "disableForm();", "offerUnlock();"],
    "verify_email": ["showError(problem.detail);", "offerNewConfirmation();"],
    "choose_other_method": ["showError(problem.detail);", "showSignInMethods();"],
    "wait": [
        "if (problem.retry.automatic) retryIn(problem.retry.after ?? 30);",
        "else showCountdown(problem.detail, problem.retry.after);",
    ],
    "keep_polling": ["pollAgainIn(problem.retry.after ?? problem.interval ?? 5);"],
    "resend": ["showError(problem.detail);", "offerResend();"],
    "repeat_with_nonce": ["repeatOnceWith(response.headers.get('DPoP-Nonce'));"],
    "open_link": ["showLink(problem.detail, [problem.interaction_uri, problem.connect_uri].find(isHttps));"],
    "fix_device": ["showError(problem.detail);", "offerRetry();"],
    "fix_request": [
        "if (problem.owner === 'user') showFieldError(problem.field, problem.detail);",
        "else reportDefect(problem);",
    ],
    "fix_client": ["showError(problem.detail);", "reportDefect(problem);"],
    "ask_admin": ["showError(problem.detail, { reference: problem.instance });"],
    "none": ["continueFlow();"],
}
"""Remedy to the lines of code for it. The functions are the app's own."""
_WIDTH = 68


def front_end_code(problem: Problem) -> str:
    """Return TypeScript that handles the remedy of a problem; the comment is the registry's advice."""
    advice = glossary()["remedies"][problem.remedy]["front_end"]
    comment = [f"  // {line}" for line in textwrap.wrap(advice, _WIDTH)]
    code = [f"  {line}" for line in SNIPPETS[problem.remedy]]
    return "\n".join(
        [
            "const problem = await response.json();",
            "",
            f'if (problem.remedy === "{problem.remedy}") {{',
            *comment,
            *code,
            "}",
        ]
    )
