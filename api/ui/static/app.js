// Small improvements of every page. Nothing here is needed to use it.

/** Copy the text of the element named by data-copy, and say so. */
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
  announce(button.dataset.copied);
});

/** Say something to whoever listens instead of looking. */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}
