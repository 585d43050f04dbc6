// @auth0/auth0-spa-js: its token requests, in Node; DPoP keeps its key in an IndexedDB, which fake-indexeddb plays.
import "fake-indexeddb/auto";
globalThis.window = globalThis; // where the SDK looks for indexedDB
import { Auth0Client } from "@auth0/auth0-spa-js";
import { run } from "./surface.mjs";

async function ask(origin, { name, surface }) {
  const client = new Auth0Client({ domain: new URL(origin).host, clientId: name, useDpop: surface === "dpop" });
  const answer = await client.customTokenExchange({
    subject_token: "eyJhbGciOiJIUzI1NiJ9.e30.",
    subject_token_type: "urn:acme:legacy-system-token",
  });
  return answer.access_token;
}

function read({ error, error_description: text, mfa_token, mfa_requirements }) {
  return { error, text, mfa_token, mfa_requirements };
}

await run(ask, read);
