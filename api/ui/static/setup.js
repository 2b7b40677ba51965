// The wizard: forms and steps without loading the page anew (htmx), and what happens meanwhile shown as it happens.
import { announce, asked, unsaid } from "./announcing.js";
import { keepLive } from "./live.js";

// A form that comes back with something to mend is a page like any other.
const SHOWN = [409, 422];

document.addEventListener("DOMContentLoaded", () => {
  // Pages with somebody's contact are kept nowhere: going back asks for them again.
  if (window.htmx) window.htmx.config.refreshOnHistoryMiss = true;
});

document.addEventListener("htmx:beforeSwap", (event) => {
  if (!SHOWN.includes(event.detail.xhr.status)) return;
  event.detail.shouldSwap = true;
  event.detail.isError = false;
});

document.addEventListener("htmx:beforeRequest", (event) => {
  if (!isOurs(event)) return;
  if (event.detail.requestConfig.verb === "post") asked();
  trouble("");
});

let settled = null;

document.addEventListener("htmx:afterSettle", ({ target, detail }) => {
  if (detail.target?.id !== "step" && target.id !== "step") return;
  arrive();
  // What a form came to is said, unless the chat says it; once for an answer that fills several places.
  if (detail.requestConfig?.verb === "post" && detail.xhr.status === 200 && detail.xhr !== settled) sayResult();
  settled = detail.xhr;
});

document.addEventListener("htmx:responseError", (event) => {
  if (isOurs(event)) trouble(sentence(event.detail.xhr.responseText));
});

document.addEventListener("htmx:sendError", (event) => {
  if (isOurs(event)) trouble(wizard().dataset.failed);
});

/** Whoever does not see the new step is led to it: to its first mistake, else to its heading. */
function arrive() {
  const step = document.getElementById("step");
  const wrong = step.querySelector("[aria-invalid=true]");
  (wrong ?? document.getElementById("step-title"))?.focus();
}

function sayResult() {
  const said = unsaid([...document.querySelectorAll("#step [data-result]")].map((one) => one.dataset.say));
  if (said.length) announce(said.join(" "));
}

function trouble(text) {
  const place = document.getElementById("trouble");
  place.hidden = !text;
  place.textContent = text;
  if (text) place.scrollIntoView({ block: "nearest" });
}

/** What an error page says. */
function sentence(html) {
  const said = new DOMParser().parseFromString(html, "text/html").querySelector("main p");
  return said ? said.textContent : wizard().dataset.failed;
}

function isOurs(event) {
  return wizard().contains(event.target);
}

function wizard() {
  return document.getElementById("wizard");
}

keepLive();
