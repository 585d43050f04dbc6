// Runs the package in Pyodide. All files come from this site.

import { loadPyodide } from "./pyodide/pyodide.mjs";

const START = `
import json, sys
sys.path.insert(0, "/package")
from authproblem import Registry
from authproblem._cli.explorer_result import explain_input

def explain(given):
    try:
        return json.dumps(explain_input(Registry.builtin(), json.loads(given)), default=dict)
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

addEventListener("message", async ({ data: { id, values } }) => {
  let result;
  try {
    result = JSON.parse((await ready)(JSON.stringify(values)));
  } catch (error) {
    result = { error: `Python could not be started: ${error}` };
  }
  postMessage({ id, result });
});
