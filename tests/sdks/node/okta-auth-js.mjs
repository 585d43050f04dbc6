// @okta/okta-auth-js: token requests, primary authentication and user info, in Node.
import { OktaAuth } from "@okta/okta-auth-js";
import { run } from "./surface.mjs";

async function ask(origin, { name, surface }) {
  const client = new OktaAuth({ issuer: origin, clientId: name, redirectUri: "https://app.example.com/callback" });
  if (surface === "authn") return client.signInWithCredentials({ username: name, password: "secret" });
  if (surface === "idx") {
    await client.idx.startTransaction();
    const credentials = { passcode: "secret" };
    const { status, messages, nextStep, context } = await client.idx.proceed({ step: "identify", identifier: "jane", credentials });
    return { status, error: messages?.[0]?.i18n.key, messages, next: nextStep?.name, handle: context?.stateHandle };
  }
  if (surface === "userinfo") {
    const accessToken = { accessToken: "expired", tokenType: "Bearer", userinfoUrl: `${origin}/oauth2/v1/userinfo` };
    const idToken = { idToken: "e30.e30.", claims: { sub: "00ub0oNGTSWTBKOLGLNR" } };
    return client.token.getUserInfo(accessToken, idToken);
  }
  if (name === "refresh_token") {
    const token = { refreshToken: "v1.MRsTd-bbQs", tokenUrl: `${origin}/oauth2/v1/token`, scopes: ["openid"] };
    return client.token.renewTokensWithRefresh({ scopes: ["openid"] }, token);
  }
  return client.token.exchangeCodeForTokens({ authorizationCode: "SplxlOBeZQQYbYS6WxSbIA", codeVerifier: "dBjftJeZ4CVP" });
}

function read(error) {
  const { errorCode, errorSummary, errorCauses, name, meta, resp, xhr } = error;
  const answer = resp ?? xhr;
  return {
    name,
    error: errorCode,
    text: errorSummary,
    causes: errorCauses,
    challenge: meta?.wwwAuthHeader,
    status: answer?.status,
    mfa_token: answer?.responseJSON?.mfa_token,
  };
}

await run(ask, read);
