// Lets the page update itself while somebody looks at it. Without this file it tells as much when
// it is loaded again.
(() => {
  "use strict";

  const live = document.getElementById("ops-live");
  const status = document.getElementById("ops-status");
  const news = document.getElementById("ops-news");
  const everyMs = 3000;
  const patienceMs = 8000;
  const mostFailures = 8;
  let timer = 0;
  let failures = 0;
  let asking = null;
  let stopped = false;

  const say = (words, bad) => {
    let said = document.getElementById("ops-said");
    if (!said) {
      said = document.createElement("span");
      said.id = "ops-said";
      status.append(" ", said);
    }
    said.className = bad ? "ops-stopped" : "";
    if (said.textContent !== words) said.textContent = words;
  };

  const stop = (words) => {
    stopped = true;
    clearTimeout(timer);
    say(words, true);
    news.textContent = words;
  };

  // Whoever types or has something selected there must not lose it; a part waits for its turn.
  const isInUse = (part) => {
    const active = document.activeElement;
    if (part.contains(active) && active.matches("input, select, textarea")) return true;
    const selection = document.getSelection();
    return !!selection && !selection.isCollapsed && part.contains(selection.anchorNode);
  };

  const takeOver = (old, fresh) => {
    const open = [...old.querySelectorAll("details[open]")].map((each) => each.id);
    const scrolled = [...old.querySelectorAll(".ops-scroll")].map((each) => each.scrollLeft);
    const active = document.activeElement;
    const focused = old.contains(active) ? keyOf(active, old) : null;
    for (const each of fresh.querySelectorAll("details")) each.open = open.includes(each.id);
    if (old.isEqualNode(fresh)) return;
    old.replaceWith(fresh);
    fresh.querySelectorAll(".ops-scroll").forEach((each, index) => (each.scrollLeft = scrolled[index] || 0));
    if (focused) focused(fresh)?.focus({ preventScroll: true });
  };

  // Returns what finds, in a new part, the element that had the focus in the old one.
  const keyOf = (element, part) => {
    if (element.id) return (fresh) => fresh.querySelector(`#${CSS.escape(element.id)}`);
    const kind = element.tagName;
    const at = [...part.querySelectorAll(kind)].indexOf(element);
    return (fresh) => fresh.querySelectorAll(kind)[at];
  };

  const keys = (root) => [...root.querySelectorAll("[data-key]")];

  const show = (text) => {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    const parts = [...fresh.querySelectorAll("[data-part]")];
    if (!parts.length) throw new Error("This is not the page.");
    const known = new Set(keys(document).map((each) => each.dataset.key));
    const added = keys(fresh).filter((each) => !known.has(each.dataset.key));
    const gone = known.size && !keys(fresh).length;
    let missing = false;
    for (const part of parts) {
      const old = document.getElementById(part.id);
      if (!old) missing = true;
      else if (!isInUse(old)) takeOver(old, document.importNode(part, true));
    }
    // Cards come and go with the sources that are asked.
    const cards = [live.querySelector(".ops-cards"), fresh.querySelector(".ops-cards")];
    const count = (each) => each.querySelectorAll("[data-part]").length;
    if (cards[0] && cards[1] && (missing || count(cards[0]) !== count(cards[1])) && !isInUse(cards[0])) {
      cards[0].replaceWith(document.importNode(cards[1], true));
    }
    document.getElementById("part-clock").textContent = fresh.getElementById("part-wrong").dataset.clock;
    if (added.length) news.textContent = added.map((each) => each.querySelector("h3").textContent).join(". ");
    else if (gone) news.textContent = "Nothing is wrong any more.";
  };

  const failed = () => {
    failures += 1;
    if (failures >= mostFailures) {
      stop("The gateway does not answer, and this page has stopped asking. Look again later.");
      return;
    }
    say("The gateway does not answer; trying again.", true);
    plan(everyMs * Math.min(failures, 4));
  };

  const plan = (ms) => {
    clearTimeout(timer);
    if (!stopped && !document.hidden) timer = setTimeout(ask, ms);
  };

  const ask = async () => {
    if (asking || stopped || document.hidden) return;
    asking = new AbortController();
    const late = setTimeout(() => asking.abort(), patienceMs);
    try {
      const answer = await fetch(live.dataset.src, {
        credentials: "same-origin",
        redirect: "manual",
        cache: "no-store",
        signal: asking.signal,
      });
      if (answer.type === "opaqueredirect" || answer.status === 403) {
        stop("Your session has ended: this page does not update itself any more. Look again to sign in.");
      } else if (!answer.ok) {
        failed();
      } else {
        show(await answer.text());
        failures = 0;
        say("Updates itself every 3 s.", false);
        plan(everyMs);
      }
    } catch {
      failed();
    } finally {
      clearTimeout(late);
      asking = null;
    }
  };

  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : plan(0)));
  window.addEventListener("pagehide", () => clearTimeout(timer));
  window.addEventListener("pageshow", (event) => event.persisted && plan(0));
  say("Updates itself every 3 s.", false);
  plan(everyMs);
})();
