// What is said to whoever listens instead of looking: from one place, so that nothing is said twice.

/** Say it. */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}

/** Whether the chat beside the page is in view: its log is read out as it grows, and the hub says every result there. */
export function isChatRead() {
  const log = document.querySelector("#chat-panel [role=log]");
  return log !== null && log.getClientRects().length > 0;
}
