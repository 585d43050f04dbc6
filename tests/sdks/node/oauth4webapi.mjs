// oauth4webapi: the same grants by its low-level functions, the DPoP nonce handled as its documentation shows.
import * as oauth from "oauth4webapi";
import { metadata, run } from "./surface.mjs";

async function grant(as, client, auth, type, parameters, options) {
  const response = await oauth.genericTokenEndpointRequest(as, client, auth, type, new URLSearchParams(parameters), options);
  return oauth.processGenericTokenEndpointResponse(as, client, response);
}

async function withNonce(as, client, auth) {
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
  try {
    return await grant(as, client, auth, "client_credentials", {}, { DPoP });
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return grant(as, client, auth, "client_credentials", {}, { DPoP });
  }
}

async function ask(origin, { vendor, name, surface }) {
  const as = metadata(origin, vendor);
  const client = { client_id: name };
  const auth = name === "invalid_client_challenge" ? oauth.ClientSecretBasic("shh") : oauth.ClientSecretPost("shh");
  if (surface === "userinfo") {
    return oauth.processUserInfoResponse(as, client, oauth.skipSubjectCheck, await oauth.userInfoRequest(as, client, "expired"));
  }
  if (surface === "dpop") return (await withNonce(as, client, auth)).access_token;
  if (name === "refresh_token") return grant(as, client, auth, "refresh_token", { refresh_token: "v1.MRsTd-bbQs" });
  return grant(as, client, auth, "password", { username: "jane@example.com", password: "secret" });
}

function read(error) {
  const { code, error: oauthCode, error_description: text, status, cause } = error;
  return {
    code,
    error: oauthCode,
    text,
    status,
    challenges: Array.isArray(cause) ? cause : undefined,
    mfa_token: cause?.mfa_token,
    nonce: oauth.isDPoPNonceError(error),
  };
}

await run(ask, read);
