// How the page on the documentation site gets its results: from the package itself, run by Pyodide in a worker.

export const loading = "Loading Python, about 13 MB. The first result takes some seconds.";

const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
const waiting = new Map();
let last = 0;

worker.addEventListener("message", ({ data: { id, result } }) => {
  waiting.get(id)(result);
  waiting.delete(id);
});

/** Return the result for the values of the form. */
export function explain(values) {
  last += 1;
  const id = last;
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    worker.postMessage({ id, values });
  });
}
