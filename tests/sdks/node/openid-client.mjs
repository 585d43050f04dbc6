// openid-client: grants, DPoP, device polling and user info.
import * as client from "openid-client";
import { metadata, run } from "./surface.mjs";

function configure(origin, { vendor, name }) {
  // HTTP Basic is what makes a provider send a challenge.
  const way = name === "invalid_client_challenge" ? client.ClientSecretBasic : client.ClientSecretPost;
  return new client.Configuration(metadata(origin, vendor), name, {}, way("shh"));
}

async function ask(origin, each) {
  const config = configure(origin, each);
  switch (each.surface) {
    case "userinfo":
      return client.fetchUserInfo(config, "expired", client.skipSubjectCheck);
    case "device": {
      const started = await client.initiateDeviceAuthorization(config, {});
      return (await client.pollDeviceAuthorizationGrant(config, started)).access_token;
    }
    case "dpop": {
      const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
      return (await client.clientCredentialsGrant(config, {}, { DPoP })).access_token;
    }
  }
  if (each.name === "refresh_token") return client.refreshTokenGrant(config, "v1.MRsTd-bbQs");
  return client.genericGrantRequest(config, "password", { username: "jane@example.com", password: "secret" });
}

function read(error) {
  const { code, error: oauth, error_description: text, status, cause } = error;
  const challenges = Array.isArray(cause) ? cause : undefined;
  return { code, error: oauth, text, status, challenges, mfa_token: cause?.mfa_token };
}

await run(ask, read, { together: true });
