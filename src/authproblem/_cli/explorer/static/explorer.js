// The explorer's page: asks `backend.js` about what was pasted as one types, and shows the answer.

import { explain, loading } from "./backend.js";
import { render, renderError } from "./render.js";
import { EXAMPLES } from "./examples.js";
import { decode, encode } from "./link.js";

const form = document.getElementById("form");
const text = document.getElementById("text");
const summary = document.getElementById("summary");
const panels = document.getElementById("panels");

/** Return what the form holds, as the server expects it. */
function question() {
  const { elements } = form;
  const status = elements.status.value.trim();
  return {
    text: text.value,
    provider: elements.provider.value,
    endpoint: elements.endpoint.value.trim(),
    method: elements.method.value,
    disclosure: elements.disclosure.value,
    status: /^\d+$/.test(status) ? Number(status) : status,
    flow_control: elements.flow_control.checked,
    transaction_states: elements.transaction_states.checked,
  };
}

/** Fill the form with a question; missing members get the defaults of the form. */
function fill(given) {
  form.reset();
  for (const [name, value] of Object.entries(given)) {
    const element = name === "text" ? text : form.elements[name];
    if (!element) continue;
    if (element.type === "checkbox") element.checked = value === true;
    else element.value = value ?? "";
  }
  update();
}

let asked = null; // the question of the request under way
let waiting = false; // whether the form changed meanwhile

/** Ask the server. One request is under way at most; what is typed meanwhile is sent when it returns. */
async function update() {
  if (asked !== null) {
    waiting = true;
    return;
  }
  if (text.value.trim() === "") {
    summary.textContent = "Paste a response, or choose an example.";
    panels.replaceChildren();
    return;
  }
  asked = question();
  if (loading && panels.childElementCount === 0) summary.textContent = loading;
  try {
    show(await explain(asked));
  } catch {
    show({ error: "The explorer does not answer. Is it still running?" });
  }
  asked = null;
  if (waiting) {
    waiting = false;
    update();
  }
}

function show(answer) {
  const shown = answer.error ? renderError(answer.error) : render(answer, apply);
  summary.textContent = shown.summary;
  panels.replaceChildren(...shown.panels);
}

/** Apply a suggestion: set one option and ask again. */
function apply(name, value) {
  document.getElementById("options").open = true;
  const element = form.elements[name];
  if (element.type === "checkbox") element.checked = true;
  else element.value = value;
  element.focus();
  update();
}

async function share(event) {
  const link = `${location.origin}${location.pathname}#${encode(question())}`;
  const button = event.currentTarget;
  try {
    await navigator.clipboard.writeText(link);
    button.textContent = "Link copied";
  } catch {
    location.hash = encode(question()); // without access to the clipboard, the address bar has the link
    button.textContent = "Link is in the address bar";
  }
  setTimeout(() => (button.textContent = "Copy link"), 2000);
}

function openLink() {
  const given = decode(location.hash.slice(1));
  if (given !== null) fill(given);
}

for (const { label, ...given } of EXAMPLES) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = label;
  button.addEventListener("click", () => fill(given));
  document.getElementById("examples").append(button);
}
form.addEventListener("input", update);
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(update));
document.getElementById("share").addEventListener("click", share);
addEventListener("hashchange", openLink);
update();
openLink();
