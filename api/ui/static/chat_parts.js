// What the parts of the chat share: where its elements are, how the hub is asked, what is said to whoever listens.

export const panel = document.getElementById("chat-panel");
const texts = part("texts").dataset;

/** The element of the chat with this name. */
export function part(name, within = document) {
  return within.querySelector(`[data-chat="${name}"]`);
}

/** One of the sentences that the page brought, in its language. */
export function said(name) {
  return texts[name];
}

/** A copy of what the page's template holds. */
export function copyOf(template) {
  return part(template).content.firstElementChild.cloneNode(true);
}

/** Show the sentence in its place, or nothing there. */
export function fault(element, text) {
  element.textContent = text ?? "";
  element.hidden = !text;
}

/** The plan gives its room to what is talked about; its title stays. */
export function foldPlan() {
  const plan = document.querySelector(".chat-plan");
  if (plan) plan.open = false;
}

export const asPage = { "X-CSRF-Token": document.body.dataset.csrf, "HX-Request": "true" };

/** What the hub says no to, with its own sentence. */
export class Refusal extends Error {}

/** The hub's answer as a document. Throws Refusal with a sentence for people. */
export async function ask(method, path, body, headers = {}) {
  let answer;
  try {
    answer = await fetch(panel.dataset.address + path, {
      method, body, headers: { ...asPage, ...headers }, cache: "no-store", signal: AbortSignal.timeout(30_000),
    });
  } catch {
    throw new Refusal(said("offline"));
  }
  return understood(answer.status, answer.headers.get("HX-Redirect"), await answer.text());
}

/** The document in an answer. Who is signed out loads the page anew, which leads to the sign-in and back. */
export function understood(status, redirect, text) {
  if (redirect) location.reload();
  const page = new DOMParser().parseFromString(text, "text/html");
  if (status >= 400) throw new Refusal(page.querySelector("main p")?.textContent ?? said("broken"));
  return page;
}

/** A name of 32 digits that nobody else uses; crypto.randomUUID is not there without TLS. */
export function newName() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
