// Examples to click. Made-up values in the forms that the providers send.

const json = (value) => JSON.stringify(value, null, 2);

export const EXAMPLES = [
  {
    label: "Okta rate limit",
    method: "GET",
    text: `HTTP/2 429
date: Mon, 23 Nov 2026 12:00:00 GMT
content-type: application/json
x-okta-request-id: Ydy0LwmSNI62dm8LZIdTzgAACb0
x-rate-limit-limit: 600
x-rate-limit-remaining: 0
x-rate-limit-reset: 1795435230

${json({
  errorCode: "E0000047",
  errorSummary: "API call exceeded rate limit due to too many requests.",
  errorLink: "E0000047",
  errorId: "oaeHfmOAx1iRLa0H10DeMz5fQ",
  errorCauses: [],
})}`,
  },
  {
    label: "Auth0 second factor",
    text: `HTTP/1.1 403 Forbidden
Content-Type: application/json
X-Auth0-RequestId: 4ad55daa560e468bdfe1

${json({ error: "mfa_required", error_description: "Multifactor authentication required", mfa_token: "Fe26.2*made-up" })}`,
  },
  {
    label: "Wrong password",
    text: `* Connected to dev-1.us.auth0.com (192.0.2.1) port 443
> POST /oauth/token HTTP/1.1
> Host: dev-1.us.auth0.com
>
< HTTP/1.1 403 Forbidden
< Content-Type: application/json
<
${json({ error: "invalid_grant", error_description: "Wrong email or password." })}
* Connection #0 to host dev-1.us.auth0.com left intact`,
  },
  {
    label: "Weak password",
    status: 400,
    text: json({
      name: "PasswordStrengthError",
      message: "Password is too weak",
      code: "invalid_password",
      description: { rules: [{ message: "At least %d characters in length", format: [8], code: "lengthAtLeast", verified: false }] },
      policy: "* At least 8 characters in length",
      statusCode: 400,
    }),
  },
  {
    label: "Management API (HAR)",
    text: json({
      request: { method: "GET", url: "https://dev-1.us.auth0.com/api/v2/users/auth0%7Cmade-up" },
      response: {
        status: 404,
        headers: [{ name: "content-type", value: "application/json; charset=utf-8" }],
        content: {
          mimeType: "application/json",
          text: json({ statusCode: 404, error: "Not Found", message: "The user does not exist.", errorCode: "inexistent_user" }),
        },
      },
    }),
  },
  {
    label: "Account locked with status 200",
    status: 200,
    transaction_states: true,
    text: json({ status: "LOCKED_OUT", _embedded: {}, _links: {} }),
  },
  {
    label: "DPoP nonce",
    text: `HTTP/1.1 400 Bad Request
Content-Type: application/json
DPoP-Nonce: made-up
X-Okta-Request-Id: Ydy0LwmSNI62dm8LZIdTzgAACb0

${json({ error: "use_dpop_nonce", error_description: "Authorization server requires nonce in DPoP proof." })}`,
  },
  {
    label: "Generic code",
    status: 400,
    text: json({ error: "invalid_grant" }),
  },
];
