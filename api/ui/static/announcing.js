// What is said to whoever listens instead of looking: from one place, so that nothing is said twice.

/** Say it. */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}

// What came of what was last asked for and was said already: the answer and the page's own stream may both bring it.
const results = new Set();

/** From here on the same result is a new one. */
export function asked() {
  results.clear();
}

/** Those of these results that are to be said: neither here before, nor in the chat. */
export function unsaid(texts) {
  const fresh = texts.filter((text) => text && !results.has(text));
  fresh.forEach((text) => results.add(text));
  return isChatRead() ? [] : fresh;
}

/** Whether the chat beside the page is in view: its log is read out as it grows, and the hub says every result there. */
function isChatRead() {
  const log = document.querySelector("#chat-panel [role=log]");
  return log !== null && log.getClientRects().length > 0;
}
