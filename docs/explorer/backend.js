// How the page on the documentation site gets its answers: from the package itself, run by Pyodide in a worker.

export const loading = "Loading Python, about 13 MB. The first answer takes some seconds.";

const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
const waiting = new Map();
let last = 0;

worker.addEventListener("message", ({ data: { id, answer } }) => {
  waiting.get(id)(answer);
  waiting.delete(id);
});

/** Return the answer to a question of the form. */
export function explain(question) {
  last += 1;
  const id = last;
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    worker.postMessage({ id, question });
  });
}
