// auth0 (node-auth0): its authentication client, user info and the Management API.
import { ManagementClient } from "auth0";
import { AuthenticationClient, UserInfoClient } from "auth0/legacy";
import { run } from "./surface.mjs";

async function ask(origin, { name, surface }) {
  const domain = new URL(origin).host;
  if (surface === "api") {
    const management = new ManagementClient({ domain, token: name });
    return management.users.get("auth0|1", {}, { maxRetries: 0 });
  }
  if (surface === "userinfo") return new UserInfoClient({ domain }).getUserInfo("expired");
  const client = new AuthenticationClient({ domain, clientId: name, clientSecret: "shh" });
  switch (surface) {
    case "signup":
      return client.database.signUp({ email: "jane@example.com", password: "secret", connection: "Users" });
    case "passwordless":
      return client.passwordless.sendSMS({ phone_number: "+491701234567" });
  }
  if (name === "refresh_token") return client.oauth.refreshTokenGrant({ refresh_token: "v1.MRsTd-bbQs" });
  return client.oauth.passwordGrant({ username: "jane@example.com", password: "secret" });
}

function read(error) {
  const body = typeof error.body === "string" && error.body.startsWith("{") ? JSON.parse(error.body) : error.body;
  const { error: code, error_description: text, statusCode: status } = error;
  return {
    error: code ?? body?.errorCode ?? body?.error,
    text: text ?? body?.message,
    status,
    mfa_token: body?.mfa_token,
    rules: body?.description?.rules,
  };
}

await run(ask, read);
