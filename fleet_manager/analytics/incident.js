// Counts the time that is left of each notice anew. Without it the page says what was left when it was written.
for (const cell of document.querySelectorAll("[data-until]")) {
  const show = () => {
    const left = Date.parse(cell.dataset.until) - Date.now(), minutes = Math.floor(Math.abs(left) / 60000);
    const days = Math.floor(minutes / 1440), hours = Math.floor(minutes / 60) % 24, pad = n => String(n).padStart(2, "0");
    const text = days ? `${days} d ${pad(hours)} h` : `${hours} h ${pad(minutes % 60)} min`;
    cell.textContent = left >= 0 ? `${text} left` : `over since ${text}`;
    cell.parentElement.classList.toggle("over", left < 0);
  };
  show();
  setInterval(show, 30000);
}
// Paper cannot be unfolded.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach(part => { part.open = true; }));
