// Turns a result of the server into elements. Text is only ever set as text, never as HTML.

function element(name, attributes = {}, ...children) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...children.filter((child) => child !== null));
  return made;
}

function panel(className, ...children) {
  return element("section", { className: `panel ${className}` }, ...children);
}

function list(rows) {
  const shown = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return element("dl", {}, ...shown.flatMap(([label, value]) => [element("dt", {}, label), element("dd", {}, value)]));
}

/** A titled block of code with a button that copies it. */
function block(title, code) {
  const button = element("button", { type: "button" }, "Copy");
  button.setAttribute("aria-label", `Copy: ${title}`);
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(code);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  const pre = element("pre", { tabIndex: 0 }, element("code", {}, code));
  pre.setAttribute("role", "region");
  pre.setAttribute("aria-label", title);
  return panel("", element("div", { className: "head" }, element("h2", {}, title), button), pre);
}

function inputLine({ form, where, count, status, status_known: known, method, path }) {
  const place = where ? `, ${where} of ${count} responses` : "";
  const request = method || path ? ` to ${[method, path].filter(Boolean).join(" ")}` : "";
  return `Read as ${form}${place}${request}, status ${status}${known ? "" : " (assumed; set another in the options)"}.`;
}

function problemPanels(result) {
  const { problem, match } = result;
  return [
    panel(
      "main",
      element("h2", {}, `${problem.title} `, element("code", {}, problem.reason)),
      element("p", {}, "The user reads:"),
      element("blockquote", {}, problem.detail),
      list([
        ["Owner", `${problem.owner}: ${match.owner}`],
        ["Remedy", `${problem.remedy}: ${match.remedy}`],
        ["Retry", result.retry],
        ["For developers", match.hint],
      ]),
      result.is_folded
        ? element("p", {}, `Disclosure: an unauthenticated caller does not learn that it is ${match.reason}.`)
        : null,
    ),
    why(match),
    block("Front-end code", result.code),
    block("Problem document", JSON.stringify(problem, null, 2)),
    block("Headers", result.headers.map(([name, value]) => `${name}: ${value}`).join("\n")),
  ];
}

function sources(rows) {
  if (rows.length === 0) return null;
  return element("ul", {}, ...rows.map(({ at, strength }) => element("li", {}, `${at} (${strength})`)));
}

function why(match) {
  const evidence = match.evidence ? "yes: it proves who sent the response" : "no: the sender has to be known";
  return panel(
    "",
    element("h2", {}, "Why"),
    list([
      ["Provider", match.provider],
      ["Entry", match.entry ?? "none: the code is not registered"],
      ["Matched by", match.matched_by],
      ["Form", match.form],
      ["Evidence", evidence],
      ["Sources", sources(match.sources)],
    ]),
  );
}

function alonePanels(result, apply) {
  const buttons = result.suggestions.map(({ option, value, label, reason }) => {
    const button = element("button", { type: "button" }, label);
    button.addEventListener("click", () => apply(option, value));
    return element("p", {}, button, ` makes it the problem ${reason}.`);
  });
  return [
    panel("alone", element("h2", {}, "The response is left alone"), element("p", {}, result.left_alone), ...buttons),
    ...(result.match ? [why(result.match)] : []),
  ];
}

/** Return the line for the status region and the panels for one result. */
export function render(result, apply) {
  const headline = result.problem
    ? `${result.problem.title} (${result.match.entry ?? result.problem.reason}).`
    : "The response is left alone.";
  return {
    summary: `${headline} ${inputLine(result.input)}`,
    panels: [
      ...(result.problem ? problemPanels(result) : alonePanels(result, apply)),
      ...(result.event ? [block("Event", JSON.stringify(result.event, null, 2))] : []),
    ],
  };
}

export function renderError(message) {
  return {
    summary: "The text cannot be read.",
    panels: [panel("error", element("h2", {}, "The text cannot be read"), element("p", {}, message))],
  };
}
