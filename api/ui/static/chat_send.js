// What the seller says, seen at once as it is on its way. What counts is what the hub makes of it: its own words take the
// place of these as soon as they are there. Nothing said is kept anywhere but on the page, and there only until then.

import { ask, copyOf, fault, foldPlan, newName, part, Refusal, said } from "./chat_parts.js";
import * as pictures from "./chat_pictures.js";

const form = part("composer");
const field = document.getElementById("chat-text");
const problem = part("fault");
const outbox = part("outbox");
const onTheWay = new Map();
let news;
let follow;

/** `hear` takes what the hub answers, and `keepSight` changes the page with the newest in view. */
export function begin(hear, keepSight) {
  [news, follow] = [hear, keepSight];
  pictures.begin();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  field.addEventListener("focus", () => field.closest("dialog") && foldPlan());
  const person = part("person");
  person.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    call(person, event.target);
  });
}

/** The hub has it under this name: what was shown of it goes. */
export function arrived(name) {
  const own = onTheWay.get(name);
  if (!own) return;
  onTheWay.delete(name);
  own.item.remove();
  own.pictures.forEach((one) => one.release());
}

function send() {
  fault(problem);
  const taken = pictures.take();
  if (taken.some((one) => one.hasFailed)) {
    pictures.giveBack(taken);
    return fault(problem, said("mend"));
  }
  if (!field.value.trim() && !taken.length) return field.focus();
  const own = new Own(field.value, taken);
  field.value = "";
  onTheWay.set(own.name, own);
  foldPlan();
  follow(() => outbox.append(own.item), true);
  own.send();
}

async function call(person, asked) {
  const sentence = part("person-fault");
  fault(sentence);
  try {
    news(await ask("POST", "/person" + after(), new URLSearchParams(new FormData(asked))));
    asked.reset();
    person.open = false;
    field.focus();
  } catch (refusal) {
    fault(sentence, refusal.message);
  }
}

function after() {
  return `?after=${news.number()}`;
}

/** One message on its way, always under the same name: sent again it is the same one. */
class Own {
  constructor(text, taken) {
    this.name = newName();
    this.text = text;
    this.pictures = taken;
    this.item = copyOf("own-message");
    this.item.querySelector(".chat-words").textContent = text;
    this.item.querySelector(".chat-words").hidden = !text.trim();
    for (const one of taken) {
      const image = document.createElement("img");
      this.item.querySelector(".chat-failed").before(image);
      image.src = one.preview;
      image.alt = one.source.name;
      image.className = "chat-preview";
    }
    this.item.querySelector('[data-do="retry"]').addEventListener("click", () => this.send());
    this.item.querySelector('[data-do="edit"]').addEventListener("click", () => this.edit());
  }

  async send() {
    this.failed();
    try {
      await this.sendPictures();
      const body = { text: this.text, client_message_id: this.name, attachments: this.pictures.map((one) => one.id) };
      const headers = { "Content-Type": "application/json" };
      const answer = await ask("POST", "/chat" + after(), JSON.stringify(body), headers);
      follow(() => {
        news(answer);
        arrived(this.name);
      }, true);
    } catch (refusal) {
      if (onTheWay.has(this.name)) this.failed(refusal.message);
    }
  }

  async sendPictures() {
    for (const one of this.pictures.filter((picture) => picture.hasFailed)) one.send();
    const there = await Promise.all(this.pictures.map((one) => one.arrived));
    if (there.includes(false)) throw new Refusal(this.pictures.find((one) => one.hasFailed).item.querySelector(".error").textContent);
  }

  /** Say why it was not sent; without a sentence it is on its way. */
  failed(text) {
    this.item.classList.toggle("is-failed", Boolean(text));
    this.item.querySelector(".chat-state").hidden = Boolean(text);
    this.item.querySelector(".chat-failed").hidden = !text;
    fault(this.item.querySelector(".error"), text);
    if (!text && this.item.contains(document.activeElement)) field.focus();
  }

  /** Back into the field, to be said otherwise. */
  edit() {
    onTheWay.delete(this.name);
    this.item.remove();
    field.value = [this.text, field.value].filter(Boolean).join("\n");
    pictures.giveBack(this.pictures);
    field.focus();
  }
}
