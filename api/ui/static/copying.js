// What was copied is seen on the button, too.
const SHOWN_MS = 2_000;

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button || button.dataset.label) return;
  button.dataset.label = button.textContent;
  button.textContent = button.dataset.copied;
  setTimeout(() => {
    button.textContent = button.dataset.label;
    delete button.dataset.label;
  }, SHOWN_MS);
});
