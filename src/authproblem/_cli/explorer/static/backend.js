// How the page gets its answers: from the server that `authproblem explore` runs.

/** What the page says until the first answer is possible, or an empty text. */
export const loading = "";

/** Return the answer to a question of the form. */
export async function explain(question) {
  const response = await fetch("explain", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(question),
  });
  return response.json();
}
