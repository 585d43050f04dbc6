// How the page gets its results: from the server that `authproblem explore` runs.

/** What the page shows until the first result is possible, or an empty text. */
export const loading = "";

/** Return the result for the values of the form. */
export async function explain(values) {
  const response = await fetch("explain", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(values),
  });
  return response.json();
}
