// The link that carries a question: JSON as base64url behind `#`, so that no server receives it.

export function encode(question) {
  const kept = Object.fromEntries(Object.entries(question).filter(([, value]) => value !== "" && value !== false));
  const bytes = new TextEncoder().encode(JSON.stringify(kept));
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Return the question of a fragment, or null if it holds none. */
export function decode(fragment) {
  try {
    const binary = atob(fragment.replaceAll("-", "+").replaceAll("_", "/"));
    const question = JSON.parse(new TextDecoder().decode(Uint8Array.from(binary, (c) => c.charCodeAt(0))));
    return typeof question?.text === "string" ? question : null;
  } catch {
    return null;
  }
}
