// Signs in with each client against the fakes of authproblem's test kit, and prints what came of it as JSON.
import "fake-indexeddb/auto";
import { readFileSync } from "node:fs";
import { Auth0Client } from "@auth0/auth0-spa-js";
import { AuthenticationClient } from "auth0/legacy";
import { ManagementClient } from "auth0";
import { OktaAuth } from "@okta/okta-auth-js";
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";

const { auth0, okta, email, password } = JSON.parse(readFileSync(0, "utf8"));
const callback = "https://app.example.com/callback";

// oauth4webapi: discovery, PKCE, a code, the checked id token, user info.
async function codeFlow(issuer) {
  const url = new URL(issuer);
  const as = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url));
  const client = { client_id: "app" };
  const verifier = oauth.generateRandomCodeVerifier();
  const ask = new URL(as.authorization_endpoint);
  const asked = { client_id: "app", redirect_uri: callback, response_type: "code", scope: "openid email", state: "s1", nonce: "n1" };
  const challenge = { code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256" };
  for (const [name, value] of Object.entries({ ...asked, ...challenge })) ask.searchParams.set(name, value);
  const there = await fetch(ask, { redirect: "manual" });
  const parameters = oauth.validateAuthResponse(as, client, new URL(there.headers.get("location")), "s1");
  const auth = oauth.ClientSecretPost("shh");
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
  const grant = () => oauth.authorizationCodeGrantRequest(as, client, auth, parameters, callback, verifier, { DPoP });
  const options = { expectedNonce: "n1", requireIdToken: true };
  let tokens;
  try {
    tokens = await oauth.processAuthorizationCodeResponse(as, client, await grant(), options);
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    tokens = await oauth.processAuthorizationCodeResponse(as, client, await grant(), options);
  }
  const { sub } = oauth.getValidatedIdTokenClaims(tokens);
  const info = await oauth.userInfoRequest(as, client, tokens.access_token, { DPoP });
  const { email: seen } = await oauth.processUserInfoResponse(as, client, sub, info);
  return [seen, tokens.token_type, await refusedTokens(as)];
}

// What oauth4webapi makes of an error that the fake is armed with for this client.
async function refusedTokens(as) {
  const client = { client_id: "broken" };
  const auth = oauth.ClientSecretPost("shh");
  const answer = await oauth.genericTokenEndpointRequest(as, client, auth, "password", new URLSearchParams());
  return oauth.processGenericTokenEndpointResponse(as, client, answer).catch((error) => error.error);
}

// openid-client: the device flow (the person approves at the verification URI), and DPoP with its nonce.
async function deviceFlow(issuer) {
  const config = await openid.discovery(new URL(issuer), "app", {}, openid.ClientSecretPost("shh"));
  const begun = await openid.initiateDeviceAuthorization(config, { scope: "openid" });
  await fetch(begun.verification_uri_complete);
  const tokens = await openid.pollDeviceAuthorizationGrant(config, begun);
  const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair());
  const bound = await openid.clientCredentialsGrant(config, {}, { DPoP });
  const broken = await openid.discovery(new URL(issuer), "broken", {}, openid.ClientSecretPost("shh"));
  const refused = await openid.genericGrantRequest(broken, "password", {}).catch((error) => error.error);
  return [typeof tokens.id_token, bound.token_type, refused];
}

// node-auth0: the password grant and the Management API.
async function nodeAuth0() {
  const domain = new URL(auth0).host;
  const client = new AuthenticationClient({ domain, clientId: "app", clientSecret: "shh" });
  const { data } = await client.oauth.passwordGrant({ username: email, password, scope: "openid" });
  const user = await new ManagementClient({ domain, token: "t" }).users.get(email);
  const refused = await client.oauth.passwordGrant({ username: email, password: "wrong" }).catch((error) => error.error);
  return [typeof data.access_token, user.email, refused];
}

// okta-auth-js: the Identity Engine, with a wrong password first, and primary authentication.
async function oktaAuthJs() {
  const options = { clientId: "app", redirectUri: callback, scopes: ["openid", "email"], pkce: true };
  const client = new OktaAuth({ ...options, issuer: `${okta}/oauth2/default` });
  const identify = (passcode) => client.idx.proceed({ step: "identify", identifier: email, credentials: { passcode } });
  await client.idx.startTransaction();
  const wrong = await identify("wrong");
  const right = await identify(password);
  const transaction = await new OktaAuth({ ...options, issuer: okta }).signInWithCredentials({ username: email, password });
  const key = wrong.messages?.[0]?.i18n?.key;
  return [wrong.status, key, right.status, right.tokens?.idToken?.claims?.email, transaction.status];
}

// auth0-spa-js: a token exchange, with the id token checked.
async function auth0SpaJs() {
  globalThis.window = globalThis; // where the SDK looks for indexedDB
  const exchange = { subject_token: "eyJhbGciOiJIUzI1NiJ9.e30.", subject_token_type: "urn:acme:legacy-system-token" };
  const ask = (clientId) => new Auth0Client({ domain: new URL(auth0).host, clientId }).customTokenExchange(exchange);
  const answer = await ask("app");
  return [typeof answer.access_token, await ask("broken").catch((error) => error.error)];
}

const seen = {};
for (const [name, run] of Object.entries({
  "oauth4webapi auth0": () => codeFlow(auth0 + "/"),
  "oauth4webapi okta": () => codeFlow(`${okta}/oauth2/default`),
  "openid-client auth0": () => deviceFlow(auth0 + "/"),
  "openid-client okta": () => deviceFlow(okta),
  "node-auth0": nodeAuth0,
  "okta-auth-js": oktaAuthJs,
  "auth0-spa-js": auth0SpaJs, // the last: it takes the process for a browser's
})) {
  seen[name] = await run().catch((error) => `${error.stack} ${JSON.stringify(error)}`);
}
console.log(JSON.stringify(seen));
process.exit(0); // okta-auth-js keeps timers
