// A field above a long list of entries that hides those which do not match, as one types.

const list = document.getElementById("entries");
const sections = [...(list?.querySelectorAll(":scope > section") ?? [])];

if (sections.length > 0) {
  const texts = sections.map((section) => section.textContent.toLowerCase());
  const label = document.createElement("label");
  const input = Object.assign(document.createElement("input"), { type: "search", id: "entry-filter", autocomplete: "off" });
  const count = document.createElement("p");
  count.setAttribute("role", "status");
  label.htmlFor = input.id;
  label.textContent = "Filter: code, message, meaning or problem type";
  const box = Object.assign(document.createElement("div"), { className: "entry-filter" });
  box.append(label, input, count);
  list.querySelector("h2").after(box);

  const apply = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    sections.forEach((section, index) => {
      section.hidden = !words.every((word) => texts[index].includes(word));
      if (!section.hidden) shown += 1;
    });
    count.textContent = `${shown} of ${sections.length} entries`;
  };
  input.addEventListener("input", apply);
  // A link to an entry always shows it.
  addEventListener("hashchange", () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target?.closest("[hidden]")) {
      input.value = "";
      apply();
      target.scrollIntoView();
    }
  });
  apply();
}
