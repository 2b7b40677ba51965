// The chat, live. Only what the hub says stands: every event that may change something asks for the news since the last
// number seen, as the hub renders them. Of an answer that is being said the words are shown as they come.

import { ask, panel, part } from "./chat_parts.js";
import * as sending from "./chat_send.js";
import * as sheet from "./chat_sheet.js";
import { follow } from "./stream.js";

const NEWS = [
  "state", "message.completed", "assistant.mode", "approval.requested", "approval.resolved", "handoff.created",
  "handoff.updated", "end",
];
const NEAR_PIXELS = 64;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;
// A connection that is back at once was never lost to whoever looks.
const LOST_AFTER_MS = 1_500;

const scroll = part("scroll");
const newer = part("newer");
const earlier = part("earlier");
const lost = part("lost");
const finished = new Set();
// By name, what the hub last said of a part: one that says the same again is left alone, focus and all.
const last = new Map();
let number = Number(panel.dataset.number);
let isAsking = false;
let isStale = false;
let pause = FIRST_PAUSE_MS;
let lostTimer;
let buffer = "";

// A page of old messages is for who has no script; with one they are all on one page.
if (panel.dataset.newest) location.replace(panel.dataset.newest);
else begin();

function begin() {
  for (const name of ["notices", "plan", "busy"]) last.set(name, own(name).innerHTML);
  own("plan").addEventListener("submit", fillBack);
  for (const type of NEWS) on(type, catchUp);
  on("message.completed", ({ role, turn_id: turn }) => role === "assistant" && finished.add(turn));
  on("message.delta", delta);
  on("message.discarded", ({ turn_id: turn }) => saying().dataset.turn === turn && hush());
  on("connection", connection);
  newer.addEventListener("click", toBottom);
  scroll.addEventListener("scroll", () => isAtBottom() && (newer.hidden = true), { passive: true });
  earlier?.addEventListener("click", showEarlier);
  panel.classList.add("is-live");
  panel.classList.toggle("has-page-notice", document.getElementById("connection") !== null);
  hear.number = () => number;
  if (part("composer")) sending.begin(hear, keepSight);
  sheet.begin(toBottom);
  follow(`${panel.dataset.address}/events`, panel.dataset.number);
}

function on(type, heard) {
  document.addEventListener(`hub:${type}`, (event) => heard(event.detail));
}

function own(name) {
  return panel.querySelector(`[data-part="${name}"]`);
}

/** Ask for what is new; while an answer is under way, once more after it. */
async function catchUp() {
  isStale = true;
  if (isAsking) return;
  isAsking = true;
  while (isStale) {
    isStale = false;
    try {
      hear(await ask("GET", `/chat/messages?after=${number}`));
      pause = FIRST_PAUSE_MS;
    } catch {
      isStale = true;
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  }
  isAsking = false;
}

/** Take in a document of news. */
function hear(page) {
  const news = page.querySelector("[data-number]");
  if (!news) return;
  number = Math.max(number, Number(news.dataset.number));
  keepSight(() => {
    for (const name of last.keys()) renew(name, news);
    for (const one of news.querySelectorAll("[data-message]")) put(one);
    adopt(news);
    const person = part("person");
    if (person) person.hidden = "person" in news.dataset;
  });
  sheet.count();
}

function renew(name, news) {
  const now = news.querySelector(`[data-part="${name}"]`).innerHTML;
  if (now === last.get(name)) return;
  last.set(name, now);
  own(name).innerHTML = now;
}

/** A message in its place, or in that of what it was before. */
function put(message) {
  part("empty")?.remove();
  const { message: id, turn, client, at } = message.dataset;
  if (client) sending.arrived(client);
  if (turn) {
    finished.add(turn);
    if (saying().dataset.turn === turn) hush();
  }
  const messages = [...own("messages").children];
  const there = messages.find((one) => one.dataset.message === id);
  if (there) {
    if (there.outerHTML !== message.outerHTML) there.replaceWith(message);
    return;
  }
  const before = messages.findLast((one) => one.dataset.at <= at);
  if (before) before.after(message);
  else own("messages").prepend(message);
}

function saying() {
  return own("saying");
}

/** Words of an answer that is being said. Parts are numbered: one that was heard before is passed over. */
function delta({ turn_id: turn, part: at, text }) {
  if (finished.has(turn)) return;
  if (saying().dataset.turn !== turn) hush(turn);
  const heard = Number(saying().dataset.parts);
  if (at > heard) return catchUp();
  if (at < heard) return undefined;
  saying().dataset.parts = at + 1;
  if (!buffer) requestAnimationFrame(speak);
  buffer += text;
  return undefined;
}

function speak() {
  const text = buffer;
  buffer = "";
  if (!text || !saying().dataset.turn) return;
  keepSight(() => {
    saying().firstElementChild.hidden = false;
    saying().querySelector(".chat-live").append(text);
  });
}

/** Nothing is being said, or the answer of this turn begins. */
function hush(turn) {
  buffer = "";
  saying().firstElementChild.hidden = true;
  saying().querySelector(".chat-live").replaceChildren();
  if (turn) Object.assign(saying().dataset, { turn, parts: 0 });
  else delete saying().dataset.turn;
}

/** What the hub knows of the answer under way, where that is more than was heard. */
function adopt(news) {
  const { turn, parts } = news.querySelector('[data-part="saying"]').dataset;
  if (!turn) {
    if (!("answering" in news.dataset)) hush();
    return;
  }
  if (finished.has(turn)) return;
  if (saying().dataset.turn === turn && Number(saying().dataset.parts) >= Number(parts)) return;
  hush(turn);
  saying().dataset.parts = parts;
  saying().firstElementChild.hidden = false;
  saying().querySelector(".chat-live").textContent = news.querySelector(".chat-live").textContent;
}

/** Change the page; whoever looks at the newest goes on looking at it, others are told that there is something new. */
function keepSight(change, always = false) {
  const wasAtBottom = isAtBottom();
  const height = scroll.scrollHeight;
  change();
  if (wasAtBottom || always) toBottom();
  else if (scroll.scrollHeight > height) newer.hidden = false;
}

function isAtBottom() {
  return scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR_PIXELS;
}

function toBottom() {
  scroll.scrollTop = scroll.scrollHeight;
  newer.hidden = true;
}

async function showEarlier(event) {
  event.preventDefault();
  if (earlier.ariaDisabled === "true") return;
  const first = own("messages").firstElementChild;
  earlier.ariaDisabled = "true";
  try {
    const page = await ask("GET", `/chat/messages?before=${first.dataset.message}`);
    const list = page.querySelector('[data-part="messages"]');
    const fromBottom = scroll.scrollHeight - scroll.scrollTop;
    unannounced(() => own("messages").prepend(...list.children));
    scroll.scrollTop = scroll.scrollHeight - fromBottom;
    earlier.hidden = !("more" in list.dataset);
  } finally {
    earlier.ariaDisabled = "false";
  }
}

/** What was said long ago is no news to whoever listens. */
function unannounced(change) {
  const log = own("messages").parentElement;
  log.setAttribute("aria-live", "off");
  change();
  setTimeout(() => log.setAttribute("aria-live", "polite"), FIRST_PAUSE_MS);
}

/** A decision leads back to the page it was made on. */
function fillBack(event) {
  event.target.elements.back.value = `${location.pathname}${location.search}#chat`;
}

function connection({ state }) {
  if (state === "lost") {
    // Each try that fails says so again: the first one counts.
    lostTimer ??= setTimeout(() => (lost.hidden = false), LOST_AFTER_MS);
    return;
  }
  clearTimeout(lostTimer);
  lostTimer = undefined;
  lost.hidden = true;
}
