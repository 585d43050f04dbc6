// Runs the package in Pyodide. All files come from this site.

import { loadPyodide } from "./pyodide/pyodide.mjs";

const START = `
import json, sys
sys.path.insert(0, "/package")
from authproblem import Registry
from authproblem._cli.answer import answer

def explain(question):
    try:
        return json.dumps(answer(Registry.builtin(), json.loads(question)), default=dict)
    except (ValueError, RecursionError) as error:
        return json.dumps({"error": str(error) or "The input is nested too deeply."})

explain
`;

async function start() {
  const [pyodide, archive] = await Promise.all([
    loadPyodide({ indexURL: new URL("pyodide/", import.meta.url).href }),
    fetch(new URL("package.zip", import.meta.url)).then((response) => response.arrayBuffer()),
  ]);
  pyodide.unpackArchive(archive, "zip", { extractDir: "/package" });
  return pyodide.runPython(START);
}

const ready = start();

addEventListener("message", async ({ data: { id, question } }) => {
  let answer;
  try {
    answer = JSON.parse((await ready)(JSON.stringify(question)));
  } catch (error) {
    answer = { error: `Python could not be started: ${error}` };
  }
  postMessage({ id, answer });
});
