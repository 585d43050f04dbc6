// The link that carries the values of the form: JSON as base64url behind `#`, so that no server receives it.

export function encode(values) {
  const kept = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== "" && value !== false));
  const bytes = new TextEncoder().encode(JSON.stringify(kept));
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Return the values of a fragment, or null if it has none. */
export function decode(fragment) {
  try {
    const binary = atob(fragment.replaceAll("-", "+").replaceAll("_", "/"));
    const values = JSON.parse(new TextDecoder().decode(Uint8Array.from(binary, (c) => c.charCodeAt(0))));
    return typeof values?.text === "string" ? values : null;
  } catch {
    return null;
  }
}
