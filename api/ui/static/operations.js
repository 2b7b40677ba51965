// What the console's pages can do better with a script. One listener for a whole page, whatever it holds.

for (const element of document.querySelectorAll("[data-needs-script]")) element.hidden = false;
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-selection]");
  if (!form) return;
  if (event.target.matches("[data-select-all]")) {
    for (const box of boxes(form)) box.checked = event.target.checked;
  }
  count(form);
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens).showModal();
});

for (const form of document.querySelectorAll("[data-selection]")) count(form);

function boxes(form) {
  return form.querySelectorAll('input[name="ids"]');
}

function count(form) {
  const all = boxes(form);
  const ticked = form.querySelectorAll('input[name="ids"]:checked').length;
  const said = form.querySelector("[data-selected]");
  said.textContent = ticked ? said.dataset.some.replace("{count}", ticked) : said.dataset.none;
  const every = form.querySelector("[data-select-all]");
  every.checked = ticked > 0 && ticked === all.length;
  every.indeterminate = ticked > 0 && ticked < all.length;
}
