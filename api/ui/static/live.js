// Parts of a page that a setup changes by itself: whenever something happened, the page's fragment is fetched and each
// of its regions takes the place of the one with the same id. What somebody is busy with stays as it is.
//
// The page names [data-events] (the stream), [data-seq] (the event it was rendered at), [data-live] (the fragment) and
// [data-lost] (what to say when the stream is cut) and [data-expired] (when it will not come back); a region is an element
// with an id and [data-region], whose [data-say] is said when it is new, and [data-result] where it is what came of a
// check.
import { announce, unsaid } from "./announcing.js";
import { follow, leave } from "./stream.js";

const CHANGES = [
  "state", "step.status", "tool.started", "tool.finished", "approval.requested", "approval.resolved", "action.applied",
  "action.undone", "proof.hop", "handoff.created", "handoff.updated", "end",
];
const PAUSE_MS = 120;
const PATIENCE_MS = 2_500;

let timer = null;
let isFetching = false;
let isAskedAgain = false;
let patience = null;

/** Begin with the page's own stream. */
export function keepLive() {
  const place = document.querySelector("[data-events]");
  for (const type of CHANGES) document.addEventListener(`hub:${type}`, soon);
  document.addEventListener("hub:connection", ({ detail }) => connection(detail, place.dataset));
  // Beside a chat there is one stream for both.
  if (!document.getElementById("chat-panel")) follow(place.dataset.events, place.dataset.seq);
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(update, PAUSE_MS);
}

async function update() {
  if (isFetching) {
    isAskedAgain = true;
    return;
  }
  isFetching = true;
  try {
    await fetched();
  } catch {
    // Away for a moment: the stream says so, and when it is back all is asked for anew.
  }
  isFetching = false;
  if (isAskedAgain) {
    isAskedAgain = false;
    soon();
  }
}

async function fetched() {
  const address = document.querySelector("[data-live]").dataset.live;
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  if (answer.redirected) location.reload(); // signed out meanwhile
  if (answer.status === 404) ended();
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (document.querySelector("[data-live]").dataset.live !== address) return; // another step by now
  const said = [...fresh.querySelectorAll("[data-region]")].map(put).filter(Boolean);
  if (said.length) announce(said.join(" "));
}

/** Put the region in its place; what to say of it, if that is new and the chat does not say it: a result is said there. */
function put(region) {
  const old = document.getElementById(region.id);
  if (!old || isBusy(old)) return "";
  const focused = old.contains(document.activeElement) ? document.activeElement.id : null;
  for (const open of old.querySelectorAll("details[open]")) {
    const same = open.id ? region.querySelector(`#${CSS.escape(open.id)}`) : region.querySelector(`details.${open.classList[0]}`);
    if (same) same.open = true;
  }
  const isNew = region.dataset.say && region.dataset.say !== old.dataset.say;
  const placed = document.importNode(region, true);
  old.replaceWith(placed);
  window.htmx?.process(placed);
  if (focused !== null) (document.getElementById(focused) ?? document.getElementById("step-title"))?.focus();
  if (!isNew) return "";
  return "result" in region.dataset ? unsaid([region.dataset.say]).join("") : region.dataset.say;
}

/** Whether somebody types, chose something or sent a form there. */
function isBusy(region) {
  if (region.matches(".htmx-request") || region.querySelector(".htmx-request")) return true;
  const inputs = [...region.querySelectorAll("input:not([type=hidden]), textarea, select")];
  return inputs.some((one) => one === document.activeElement || one.value !== one.defaultValue || one.checked !== one.defaultChecked);
}

/** Nothing more will be told here, and the page says so. */
function ended() {
  const text = document.querySelector("[data-events]").dataset.expired;
  if (!text) return;
  leave();
  clearTimeout(patience);
  const banner = document.getElementById("connection");
  banner.hidden = false;
  banner.textContent = text;
}

function connection({ state, reason }, { lost }) {
  const banner = document.getElementById("connection");
  if (state === "lost") {
    patience ??= setTimeout(() => {
      banner.hidden = false;
      banner.textContent = lost;
      soon(); // what is not there any more does not come back
    }, PATIENCE_MS);
    return undefined;
  }
  if (state === "over" && reason === "expired") return ended();
  if (patience !== null) soon();
  clearTimeout(patience);
  patience = null;
  banner.hidden = true;
  banner.textContent = "";
  return undefined;
}
