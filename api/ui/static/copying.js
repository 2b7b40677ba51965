// Copy the text of the element named by data-copy. A browser that gives no page the clipboard (without TLS, or because
// somebody said no) gets the text selected, and whoever asked is told the rest.
import { announce } from "./announcing.js";

const SHOWN_MS = 2_000;
const timers = new WeakMap();

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  if (await isCopied(source)) {
    tell(button, button.dataset.copied);
    timers.set(button, setTimeout(() => said(button).remove(), SHOWN_MS));
  } else {
    tell(button, document.body.dataset.copySelected);
  }
});

async function isCopied(source) {
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    return true;
  } catch {
    getSelection().selectAllChildren(source);
    return false;
  }
}

/** Beside the button it is seen, too. */
function tell(button, text) {
  clearTimeout(timers.get(button));
  const shown = said(button);
  shown.textContent = text;
  button.after(shown);
  announce(text);
}

function said(button) {
  const next = button.nextElementSibling;
  if (next?.classList.contains("copy-said")) return next;
  const made = document.createElement("span");
  made.className = "copy-said small";
  return made;
}
