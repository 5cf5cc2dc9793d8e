// Sort and filter tables, show and hide layers of the plan, quick tooltips. Comfort only: without it the report
// still says everything.
for (const table of document.querySelectorAll("table.sortable")) {
  table.tHead.querySelectorAll("button").forEach((button, column) => button.addEventListener("click", () => {
    const head = button.parentElement, down = head.getAttribute("aria-sort") === "ascending";
    table.tHead.querySelectorAll("th").forEach(th => th.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = row => row.cells[column].dataset.value ?? row.cells[column].textContent;
    const rows = [...table.tBodies[0].rows].sort((a, b) => {
      const x = key(a), y = key(b), gap = (x === "") - (y === "");
      return gap || (x !== "" && !isNaN(x) && !isNaN(y) ? x - y : x.localeCompare(y)) * (down ? -1 : 1);
    });
    table.tBodies[0].append(...rows);
  }));
}
const search = document.getElementById("search"), selects = document.querySelectorAll(".filters select");
function filter() {
  let shown = 0;
  const rows = document.querySelectorAll("#as-built tbody tr");
  for (const row of rows) {
    const fits = row.textContent.toLowerCase().includes(search.value.toLowerCase())
      && [...selects].every(s => !s.value || row.dataset[s.name] === s.value);
    row.hidden = !fits;
    shown += fits;
  }
  document.getElementById("shown").textContent = `${shown} of ${rows.length} shown`;
}
if (search) { search.addEventListener("input", filter); selects.forEach(s => s.addEventListener("change", filter)); filter(); }
for (const box of document.querySelectorAll("input[data-layer]"))
  box.addEventListener("change", () => document.querySelectorAll(box.dataset.layer)
    .forEach(node => { node.style.display = box.checked ? "" : "none"; }));
const tip = document.createElement("div");
tip.id = "tip"; tip.hidden = true; document.body.append(tip);
for (const title of document.querySelectorAll("svg title")) {
  const node = title.parentElement, text = title.textContent;
  node.setAttribute("aria-label", text);
  title.remove();
  node.addEventListener("pointermove", event => {
    tip.hidden = false; tip.textContent = text;
    const left = event.clientX + 14, top = event.clientY + 14;
    tip.style.left = Math.min(left, innerWidth - tip.offsetWidth - 8) + "px";
    tip.style.top = (top + tip.offsetHeight > innerHeight ? event.clientY - tip.offsetHeight - 10 : top) + "px";
  });
  node.addEventListener("pointerleave", () => { tip.hidden = true; });
}
for (const link of document.querySelectorAll("a.target")) link.addEventListener("click", () => {
  if (search) { search.value = ""; selects.forEach(s => { s.value = ""; }); filter(); }
});
