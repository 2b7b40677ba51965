// The live page: what happens comes by the stream. No row comes twice, the list stays short, and while it is paused the
// newest wait.
import { announce } from "./announcing.js";
import { follow } from "./stream.js";

const list = document.getElementById("live-list");
const connection = document.getElementById("connection");
const button = document.querySelector("[data-pause]");
const LOST_AFTER_MS = 2_500;
let isPaused = false;
let waiting = [];
let lostTimer;

button.addEventListener("click", () => {
  isPaused = !isPaused;
  button.setAttribute("aria-pressed", String(isPaused));
  announce(isPaused ? button.dataset.paused : button.dataset.going);
  if (!isPaused) show();
});

document.addEventListener("hub:rows", ({ detail }) => {
  const rows = [...new DOMParser().parseFromString(detail.html, "text/html").querySelectorAll("li[id]")];
  waiting = [...rows, ...waiting].slice(0, Number(list.dataset.most));
  if (!isPaused) show();
});

document.addEventListener("hub:connection", ({ detail: { state } }) => {
  clearTimeout(lostTimer);
  if (state === "lost") lostTimer = setTimeout(() => tell(connection.dataset.lost), LOST_AFTER_MS);
  else tell(state === "over" ? connection.dataset.over : "");
});

/** The newest first, as they are sent. */
function show() {
  list.prepend(...waiting.filter((row) => !document.getElementById(row.id)));
  waiting = [];
  while (list.children.length > Number(list.dataset.most)) list.lastElementChild.remove();
}

function tell(text) {
  connection.hidden = !text;
  connection.textContent = text;
}

follow(list.dataset.events, list.dataset.after);
