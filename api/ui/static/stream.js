// One stream for a page: every event becomes a DOM event `hub:<type>` on the document, and a change of the connection
// `hub:connection` with {state: "open" | "lost" | "over"}. The browser resumes by itself with Last-Event-ID; what it
// gives up on (an answer that is an error) is begun anew here, later each time.

const TYPES = [
  "state", "step.status", "tool.started", "tool.finished", "message.delta", "message.discarded", "message.completed",
  "assistant.mode", "approval.requested", "approval.resolved", "action.applied", "action.undone", "proof.hop",
  "handoff.created", "handoff.updated", "heartbeat", "end",
];
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

let followed = null;
let last = null;
let pause = FIRST_PAUSE_MS;

/** Follow the stream at `address`, from event number `after` on; one that is followed already goes on as it is. */
export function follow(address, after) {
  if (address === followed) return;
  followed = address;
  last = after ?? last;
  connect(address);
}

function connect(address) {
  const source = new EventSource(last ? `${address}?after=${encodeURIComponent(last)}` : address);
  source.addEventListener("open", () => {
    pause = FIRST_PAUSE_MS;
    tell("connection", { state: "open" });
  });
  source.addEventListener("error", () => lost(source, address));
  for (const type of TYPES) source.addEventListener(type, (event) => heard(source, type, event));
}

function heard(source, type, event) {
  if (event.lastEventId) last = event.lastEventId;
  tell(type, event.data ? JSON.parse(event.data) : {});
  if (type !== "end") return;
  source.close();
  tell("connection", { state: "over" });
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
