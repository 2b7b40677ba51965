// The support desk, kept fresh: clocks that count, a queue that asks for what is new, a case that follows its setup
// live. Everything here works without it, by loading the page again.
import { announce } from "./announcing.js";
import { follow } from "./stream.js";

const POLL_MS = 10_000;
const HERE_MS = 15_000;
const AT_ONCE_MS = 800;
const MINUTE = 60, HOUR = 3_600, DAY = 86_400;
// What changes the page: of a setup's events all but the pieces of a sentence.
const TYPES = [
  "state", "step.status", "tool.started", "tool.finished", "message.discarded", "message.completed", "assistant.mode",
  "approval.requested", "approval.resolved", "action.applied", "action.undone", "proof.hop", "handoff.created",
  "handoff.updated",
];

/** The server's time: what it said when it rendered, and what has passed since. */
let ahead = 0;

function setClock(root = document) {
  const told = root.querySelector("[data-now]");
  if (told) ahead = Date.parse(told.dataset.now) - Date.now();
}

/** As `lasting` in api/ui/desk/clocks.py. */
function lasting(seconds) {
  const whole = Math.floor(seconds);
  const two = (number) => String(number).padStart(2, "0");
  if (whole >= DAY) return `${Math.floor(whole / DAY)} d ${Math.floor((whole % DAY) / HOUR)} h`;
  if (whole >= HOUR) return `${Math.floor(whole / HOUR)} h ${two(Math.floor((whole % HOUR) / MINUTE))} min`;
  return whole >= MINUTE ? `${Math.floor(whole / MINUTE)} min ${two(whole % MINUTE)} s` : `${whole} s`;
}

function tick() {
  const now = Date.now() + ahead;
  for (const one of document.querySelectorAll("[data-clock]")) {
    const left = Math.round((Date.parse(one.dataset.clock) - now) / 1_000);
    write(one, (left >= 0 ? one.dataset.left : one.dataset.late).replace("{duration}", lasting(Math.abs(left))));
    if (left < 0) for (const around of [one.closest(".clock"), one.closest(".case, .case-head")]) around?.classList.add("late");
  }
  for (const one of document.querySelectorAll("[data-since]")) {
    write(one, lasting(Math.max(0, (now - Date.parse(one.dataset.since)) / 1_000)));
  }
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function failed(isFailed) {
  for (const one of document.querySelectorAll("[data-failed]")) one.hidden = !isFailed;
}

// The queue.

function shownCases() {
  return [...document.querySelectorAll("[data-case]")].map((one) => one.dataset.case);
}

function poll() {
  const queue = document.getElementById("queue");
  if (queue && !document.hidden) queue.dispatchEvent(new CustomEvent("desk:poll"));
}

/** Whoever looks at a case says so, and hears who else does. */
function here() {
  const presence = document.getElementById("presence");
  if (presence && !document.hidden) presence.dispatchEvent(new CustomEvent("desk:here"));
}

function announceNew(before) {
  const count = shownCases().filter((one) => !before.has(one)).length;
  const { newOne, newMany } = document.getElementById("queue").dataset;
  if (count) announce(count === 1 ? newOne : newMany.replace("{count}", count));
}

function move(step) {
  const links = [...document.querySelectorAll(".case-link")];
  const at = links.indexOf(document.activeElement);
  links[at === -1 ? 0 : Math.min(Math.max(at + step, 0), links.length - 1)]?.focus();
}

function isTyping(target) {
  return target.isContentEditable || target.closest("textarea, select, input:not([type=checkbox], [type=radio])");
}

function offerKeys() {
  const box = document.getElementById("keys");
  if (!box) return;
  box.closest("[data-keys]").hidden = false;
  box.checked = localStorage.getItem("hub-desk-keys") !== "off";
  box.addEventListener("change", () => localStorage.setItem("hub-desk-keys", box.checked ? "on" : "off"));
  document.addEventListener("keydown", (event) => {
    const step = { j: 1, k: -1 }[event.key];
    if (!step || !box.checked || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    event.preventDefault();
    move(step);
  });
}

let casesBefore = new Set();

// What htmx asks for and brings.

document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.elt.id === "queue") detail.headers["If-None-Match"] = `W/"${detail.elt.dataset.mark}"`;
});

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  failed(false);
  if (detail.xhr.status === 304) {
    detail.shouldSwap = false;
  } else if ([409, 422].includes(detail.xhr.status)) {
    // The page again, with what was typed and why it did not go through.
    detail.shouldSwap = true;
    detail.isError = false;
  }
  if (detail.target.id === "queue") casesBefore = new Set(shownCases());
  if (detail.target.id === "presence" && isSame(detail)) detail.shouldSwap = false;
  keepDrafts(detail);
});

document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.elt.id === "queue" || detail.target.id === "queue") {
    setClock();
    announceNew(casesBefore);
  } else if (detail.target.id === "case") {
    setClock();
    restoreDrafts();
    tellConnection();
    toNewest();
    document.getElementById("notice")?.focus();
  }
  tick();
});

for (const type of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(type, ({ detail }) => {
    if (detail.xhr?.status === 304) return;
    failed(true);
    const shown = document.querySelector("[data-failed]");
    if (shown && !["queue", "presence"].includes(detail.elt.id)) announce(shown.textContent);
  });
}

/** What says the same again is not read out again. */
function isSame({ target, serverResponse }) {
  const said = new DOMParser().parseFromString(serverResponse, "text/html").body.textContent;
  return said.trim() === target.textContent.trim();
}

// What came of a check, and nothing else on the page says it.
document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  if (detail.target.id !== "stages") return;
  const before = settled(detail.target);
  const news = settled(detail.fragment).filter((one) => !before.includes(one));
  if (news.length) announce(news.join(" "));
});

function settled(stages) {
  const done = [...stages.querySelectorAll("li:has(.dot.verified, .dot.action_required, .dot.waiting)")];
  return done.map((one) => one.querySelector("div").textContent.replaceAll(/\s+/g, " ").trim());
}

// Pictures that are the same are not fetched again.
document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  const fresh = detail.fragment.firstElementChild ?? detail.fragment;
  if (detail.target.id === "pictures" && fresh.dataset?.version === detail.target.dataset.version) detail.shouldSwap = false;
});

document.addEventListener("htmx:oobAfterSwap", ({ detail }) => {
  if (detail.target.id === "stages") tellConnection();
  if (detail.target.id === "conversation") toNewest();
  if (detail.target.id !== "case-head") return;
  const head = document.getElementById("case-head");
  for (const name of ["seen", "read"]) {
    for (const one of document.querySelectorAll(`#case input[name=${name}]`)) one.value = head.dataset[name];
  }
  setClock();
  tick();
});

// A reply begun stays when something else on the page is done.

let drafts = new Map();

function keepDrafts({ target, requestConfig }) {
  if (target.id !== "case") return;
  const sent = requestConfig.elt.closest("form");
  const areas = [...target.querySelectorAll("textarea")].filter((one) => one.form !== sent);
  drafts = new Map(areas.map((one) => [one.id, one.value]));
}

function restoreDrafts() {
  for (const [id, value] of drafts) {
    const area = document.getElementById(id);
    if (area && !area.value) area.value = value;
  }
}

// A case follows its setup.

let waiting = null;
let connection = "";

function changed() {
  waiting ??= setTimeout(() => {
    waiting = null;
    document.getElementById("live").dispatchEvent(new CustomEvent("desk:changed"));
  }, AT_ONCE_MS);
}

function tellConnection() {
  const shown = document.querySelector("[data-connection]");
  if (shown) write(shown, shown.dataset[connection] ?? "");
}

function toNewest() {
  const messages = document.querySelector(".messages");
  if (messages) messages.scrollTop = messages.scrollHeight;
}

/** The seller's words reach whoever listens, whatever else is read. */
function sayNews({ detail }) {
  if (detail.role === "seller") announce(document.getElementById("live").dataset.sellerWrote);
}

function followCase() {
  const live = document.getElementById("live");
  if (!live) return;
  for (const type of TYPES) document.addEventListener(`hub:${type}`, changed);
  document.addEventListener("hub:message.completed", sayNews);
  document.addEventListener("hub:connection", ({ detail }) => {
    connection = detail.state;
    tellConnection();
  });
  follow(live.dataset.events, live.dataset.after);
}

setClock();
tick();
setInterval(tick, 1_000);
setInterval(poll, POLL_MS);
setInterval(here, HERE_MS);
for (const again of [poll, here]) document.addEventListener("visibilitychange", again);
offerKeys();
toNewest();
followCase();
