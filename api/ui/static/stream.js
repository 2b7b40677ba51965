// One stream for a page: every event becomes a DOM event `hub:<type>` on the document, and a change of the connection
// `hub:connection` with {state: "open" | "lost" | "over"} and, when it is over, the reason that the hub gave. The browser resumes by itself with Last-Event-ID; what it
// gives up on (an answer that is an error) is begun anew here, later each time.

const TYPES = [
  "state", "step.status", "tool.started", "tool.finished", "message.delta", "message.discarded", "message.completed",
  "assistant.mode", "approval.requested", "approval.resolved", "action.applied", "action.undone", "proof.hop",
  "handoff.created", "handoff.updated", "heartbeat", "rows", "end",
];
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

let followed = null;
let current = null;
let last = null;
let pause = FIRST_PAUSE_MS;

/** Follow the stream at `address`, from event number `after` on; one that is followed already goes on as it is. */
export function follow(address, after) {
  if (address === followed) return;
  followed = address;
  last = after ?? last;
  connect(address);
}

/** Follow nothing any more. */
export function leave() {
  followed = null;
  current?.close();
}

function connect(address) {
  if (address !== followed) return;
  const source = current = new EventSource(last ? withAfter(address, last) : address);
  source.addEventListener("open", () => {
    pause = FIRST_PAUSE_MS;
    tell("connection", { state: "open" });
  });
  source.addEventListener("error", () => lost(source, address));
  for (const type of TYPES) source.addEventListener(type, (event) => heard(source, type, event));
}

function withAfter(address, number) {
  return `${address}${address.includes("?") ? "&" : "?"}after=${encodeURIComponent(number)}`;
}

function heard(source, type, event) {
  if (event.lastEventId) last = event.lastEventId;
  const detail = event.data ? JSON.parse(event.data) : {};
  tell(type, detail);
  if (type !== "end") return;
  source.close();
  tell("connection", { state: "over", reason: detail.reason });
}

function lost(source, address) {
  tell("connection", { state: "lost" });
  if (source.readyState !== EventSource.CLOSED) return;
  setTimeout(() => connect(address), pause * (0.5 + Math.random()));
  pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
}

function tell(type, detail) {
  document.dispatchEvent(new CustomEvent(`hub:${type}`, { detail }));
}
