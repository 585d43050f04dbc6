// What all runners share: cases in on stdin, what the client surfaced out on stdout, as JSON.
import { readFileSync } from "node:fs";

export const PATHS = { auth0: "/oauth/token", okta: "/oauth2/v1/token" };

// Where the played provider has its endpoints.
export function metadata(origin, vendor) {
  const device = { auth0: "/oauth/device/code", okta: "/oauth2/v1/device/authorize" };
  const userinfo = { auth0: "/userinfo", okta: "/oauth2/v1/userinfo" };
  return {
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: origin + PATHS[vendor],
    device_authorization_endpoint: origin + device[vendor],
    userinfo_endpoint: origin + userinfo[vendor],
  };
}

// Asks every case and prints `{case: what was seen}`. `read` turns an exception into plain data. `together` asks all at
// once, for clients that wait between polls; the others share storage between their instances and go one by one.
export async function run(ask, read, { together = false } = {}) {
  const { origin, cases } = JSON.parse(readFileSync(0, "utf8"));
  const seen = {};
  async function look(each) {
    try {
      seen[each.id] = { returned: (await ask(origin, each)) ?? null };
    } catch (error) {
      seen[each.id] = { kind: error.constructor.name, ...(await read(error)) };
    }
  }
  if (together) await Promise.all(cases.map(look));
  else for (const each of cases) await look(each);
  console.log(JSON.stringify(seen));
}
