// Pictures for the next message: chosen, dropped or pasted, sent at once, shown while they are on their way.

import { announce } from "./announcing.js";
import { asPage, copyOf, fault, foldPlan, panel, part, Refusal, said, understood } from "./chat_parts.js";

const tray = part("tray");
const file = document.getElementById("chat-file");
const problem = part("fault");
const address = `${panel.dataset.address}/chat/screenshots`;
let waiting = [];

export function begin() {
  file.addEventListener("change", () => {
    add(file.files);
    file.value = "";
  });
  document.getElementById("chat-text").addEventListener("paste", (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    add(event.clipboardData.files);
  });
  for (const type of ["dragenter", "dragover"]) panel.addEventListener(type, hover);
  panel.addEventListener("dragleave", (event) => {
    if (!panel.contains(event.relatedTarget)) panel.classList.remove("is-dropping");
  });
  panel.addEventListener("drop", (event) => {
    event.preventDefault();
    panel.classList.remove("is-dropping");
    add(event.dataTransfer.files);
  });
}

/** The pictures of the message that is sent now; the tray is empty after it. */
export function take() {
  const taken = waiting;
  waiting = [];
  show();
  return taken;
}

/** Those of a message that was not sent, for another try. */
export function giveBack(pictures) {
  waiting = [...pictures, ...waiting];
  show();
}

function hover(event) {
  if (![...event.dataTransfer.types].includes("Files")) return;
  event.preventDefault();
  panel.classList.add("is-dropping");
}

function add(files) {
  fault(problem);
  foldPlan();
  for (const one of files) {
    if (waiting.length >= Number(panel.dataset.picturesMax)) return fault(problem, said("many"));
    const picture = new Picture(one);
    waiting.push(picture);
    picture.send();
  }
  show();
}

function remove(picture) {
  waiting = waiting.filter((one) => one !== picture);
  picture.discard();
  show();
  announce(said("removed"));
  file.focus();
}

function show() {
  tray.replaceChildren(...waiting.map((one) => one.item));
  tray.hidden = waiting.length === 0;
}

class Picture {
  constructor(source) {
    this.source = source;
    this.preview = URL.createObjectURL(source);
    this.id = null;
    this.hasFailed = false;
    this.item = copyOf("upload");
    const image = this.item.querySelector("img");
    image.addEventListener("error", () => image.classList.add("is-broken"));
    image.src = this.preview;
    this.item.querySelector(".chat-upload-name").textContent = source.name;
    this.item.querySelector("button .unseen").textContent = ` ${source.name}`;
    this.item.querySelector("button").addEventListener("click", () => remove(this));
    this.bar = this.item.querySelector("progress");
  }

  /** On its way; `arrived` is a promise of whether it is there. */
  send() {
    this.hasFailed = false;
    fault(this.item.querySelector(".error"));
    this.arrived = this.upload().then(
      (id) => this.isThere(id),
      (refusal) => this.isRefused(refusal.message),
    );
  }

  upload() {
    if (this.source.size > Number(panel.dataset.bytesMax)) return Promise.reject(new Refusal(said("large")));
    this.bar.hidden = false;
    return new Promise((resolve, reject) => {
      const request = (this.request = new XMLHttpRequest());
      request.open("POST", address);
      for (const [name, value] of Object.entries(asPage)) request.setRequestHeader(name, value);
      request.setRequestHeader("Content-Type", this.source.type || "application/octet-stream");
      request.upload.addEventListener("progress", (event) => {
        if (event.lengthComputable) this.bar.value = (100 * event.loaded) / event.total;
      });
      request.addEventListener("load", () => {
        try {
          if (request.status !== 201) understood(request.status, request.getResponseHeader("HX-Redirect"), request.responseText);
          resolve(JSON.parse(request.responseText).screenshot_id);
        } catch (refusal) {
          reject(refusal);
        }
      });
      for (const type of ["error", "abort"]) request.addEventListener(type, () => reject(new Refusal(said("broken"))));
      request.send(this.source);
    });
  }

  isThere(id) {
    this.id = id;
    this.bar.hidden = true;
    this.item.classList.add("is-there");
    if (waiting.includes(this)) announce(said("attached"));
    return true;
  }

  isRefused(text) {
    this.hasFailed = true;
    this.bar.hidden = true;
    fault(this.item.querySelector(".error"), text);
    return false;
  }

  /** It is not wanted after all. */
  discard() {
    if (this.id) fetch(`${address}/${this.id}`, { method: "DELETE", headers: asPage, keepalive: true }).catch(() => {});
    else this.request?.abort();
    this.release();
  }

  /** The preview is no longer shown. */
  release() {
    URL.revokeObjectURL(this.preview);
  }
}
