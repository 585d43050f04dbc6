// The explorer's page: passes what was pasted to `backend.js` as one types, and shows the result.

import { explain, loading } from "./backend.js";
import { render, renderError } from "./render.js";
import { EXAMPLES } from "./examples.js";
import { decode, encode } from "./link.js";

const form = document.getElementById("form");
const text = document.getElementById("text");
const summary = document.getElementById("summary");
const panels = document.getElementById("panels");

/** Return the values of the form, as the server expects them. */
function values() {
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

/** Fill the form with values; missing ones get the defaults of the form. */
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

let sent = null; // the values of the request under way
let waiting = false; // whether the form changed meanwhile

/** Send the values to the server. One request is under way at most; what is typed meanwhile is sent when it returns. */
async function update() {
  if (sent !== null) {
    waiting = true;
    return;
  }
  if (text.value.trim() === "") {
    summary.textContent = "Paste a response, or choose an example.";
    panels.replaceChildren();
    return;
  }
  sent = values();
  if (loading && panels.childElementCount === 0) summary.textContent = loading;
  try {
    show(await explain(sent));
  } catch {
    show({ error: "The explorer does not respond. Is it still running?" });
  }
  sent = null;
  if (waiting) {
    waiting = false;
    update();
  }
}

function show(result) {
  const shown = result.error ? renderError(result.error) : render(result, apply);
  summary.textContent = shown.summary;
  panels.replaceChildren(...shown.panels);
}

/** Apply a suggestion: set one option and send the values again. */
function apply(name, value) {
  document.getElementById("options").open = true;
  const element = form.elements[name];
  if (element.type === "checkbox") element.checked = true;
  else element.value = value;
  element.focus();
  update();
}

async function share(event) {
  const link = `${location.origin}${location.pathname}#${encode(values())}`;
  const button = event.currentTarget;
  try {
    await navigator.clipboard.writeText(link);
    button.textContent = "Link copied";
  } catch {
    location.hash = encode(values()); // without access to the clipboard, the address bar has the link
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
