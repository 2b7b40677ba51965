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
  const pause = event.target.closest("[data-pause]");
  if (pause) toggle(pause);
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

// The live page: nothing is asked for while it is paused or nobody looks, no row comes twice, and the list stays short.

let isPaused = false;

function toggle(button) {
  isPaused = !isPaused;
  button.setAttribute("aria-pressed", String(isPaused));
  document.getElementById("announcer").textContent = isPaused ? button.dataset.paused : button.dataset.going;
}

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.id === "live-poll" && (isPaused || document.hidden)) event.preventDefault();
});

document.addEventListener("htmx:oobBeforeSwap", (event) => {
  if (event.detail.target.id !== "live-list") return;
  for (const row of [...event.detail.fragment.querySelectorAll("li[id]")]) {
    if (document.getElementById(row.id)) row.remove();
  }
});

document.addEventListener("htmx:oobAfterSwap", () => {
  const list = document.getElementById("live-list");
  while (list && list.children.length > Number(list.dataset.most)) list.lastElementChild.remove();
});
