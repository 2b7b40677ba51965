// On a narrow screen the chat is a sheet over the page, opened by a button that counts what was not seen yet.

import { panel, part } from "./chat_parts.js";

const narrow = matchMedia("(max-width: 63.99rem)");
const place = document.getElementById("chat");
const sheet = part("sheet");
const opener = part("open");
const close = part("close");
const announcer = document.getElementById("announcer");
// When the newest message was said that was seen here; nothing of what it says.
const SEEN = `chat-seen:${panel.dataset.address}`;

let shown = () => {};

/** Put the chat where the screen has room for it. `whenShown` is called each time it comes into view. */
export function begin(whenShown) {
  shown = whenShown;
  narrow.addEventListener("change", arrange);
  opener.addEventListener("click", open);
  close.addEventListener("click", () => sheet.close());
  sheet.addEventListener("close", () => {
    document.body.append(announcer);
    opener.focus();
  });
  window.visualViewport?.addEventListener("resize", fit);
  window.addEventListener("hashchange", led);
  arrange();
  led();
}

export function isInView() {
  return !narrow.matches || sheet.open;
}

/** Count what came since the chat was last in view. */
export function count() {
  const messages = [...panel.querySelectorAll("[data-message]")];
  const last = messages.at(-1)?.dataset.at ?? "";
  if (isInView() || remembered() === null) remember(last);
  const seen = remembered() ?? last;
  const unseen = messages.filter((one) => one.dataset.at > seen && one.dataset.by !== "seller").length;
  part("count").textContent = unseen;
  part("unread").hidden = unseen === 0;
}

function arrange() {
  if (!narrow.matches && sheet.open) sheet.close();
  (narrow.matches ? sheet : place).append(panel);
  close.hidden = !narrow.matches;
  place.hidden = narrow.matches;
  count();
  shown();
}

/** Whoever was led to the chat finds it open, and once closed it stays so. */
function led() {
  if (!narrow.matches || location.hash !== "#chat") return;
  history.replaceState(history.state, "", location.pathname + location.search);
  open();
}

function open(event) {
  if (!narrow.matches) return;
  event?.preventDefault();
  // What lies under the sheet is read to nobody, so what is announced is said from within.
  if (!sheet.open) sheet.append(announcer);
  if (!sheet.open) sheet.showModal();
  fit();
  count();
  shown();
}

/** Above the keyboard, which covers the page without making it smaller. */
function fit() {
  if (window.visualViewport) sheet.style.setProperty("--chat-height", `${window.visualViewport.height}px`);
}

function remembered() {
  try {
    return localStorage.getItem(SEEN);
  } catch {
    return null;
  }
}

function remember(at) {
  try {
    localStorage.setItem(SEEN, at);
  } catch {
    // A browser that keeps nothing counts from here on each page.
  }
}
